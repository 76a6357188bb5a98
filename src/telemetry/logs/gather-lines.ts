import type { LineSink } from "./line-log.ts";

/** A sink that has to be told when nothing more comes. */
export interface GatheredLines extends Disposable {
  readonly take: LineSink;
}

/**
 * Hands over together what was logged in one turn of the event loop: one call of the system for all of it, which a server that ends thousands of runs
 * each second notices. What was logged is handed over at the latest when the process ends, also by an error that nobody has caught.
 */
export function gatherLines(handOver: (lines: readonly string[]) => void): GatheredLines {
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    const all = lines;
    lines = [];
    handOver(all);
  };
  process.on("exit", flush);
  return {
    take: (line) => {
      lines.push(line);
      if (lines.length === 1) setImmediate(flush);
    },
    [Symbol.dispose]: () => {
      process.off("exit", flush);
      flush();
    },
  };
}
