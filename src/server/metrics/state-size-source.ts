import { measureFolder } from "../../app/purge/measure-folder.ts";
import type { MetricSource } from "../../telemetry/metrics/metric-family.ts";

/** Between two measurements at least, and so many times as long as one has taken: a large folder is not looked through all the time. */
const restMs = 5 * 60_000;
const restTimes = 50;

/**
 * Measures the state folder now and then, by itself: whoever asks gets the last figure and waits for nothing. Absent until there is one,
 * and when it cannot be measured.
 */
export function stateSizeSource(folder: string): MetricSource & Disposable {
  const stopping = new AbortController();
  let bytes: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const measure = async (): Promise<void> => {
    const begin = performance.now();
    // A folder that cannot be read gives 0, and a state that is there has a database.
    bytes = (await measureFolder(folder, stopping.signal).catch(() => 0)) || null;
    if (stopping.signal.aborted) return;
    const wait = Math.max(restMs, restTimes * (performance.now() - begin));
    timer = setTimeout(() => void measure(), wait).unref();
  };
  void measure();
  return {
    name: "state size",
    collect: async () =>
      await Promise.resolve(bytes === null ? [] : [{ name: "mahavishnu_state_bytes", labels: {}, value: bytes }]),
    [Symbol.dispose]: () => {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}
