import { spawn } from "node:child_process";
import { once } from "node:events";

/** Looks all names up side by side, and prints a line for each as soon as it is known: name, address or code of the failure, milliseconds. */
const script = `
const { lookup } = require("node:dns");
for (const name of process.argv.slice(1)) {
  const begin = performance.now();
  lookup(name, (error, address) => {
    process.stdout.write(JSON.stringify([name, address ?? null, error ? error.code : null, performance.now() - begin]) + "\\n");
  });
}
`;

/** What a name is. */
export interface NamedAddress {
  /** Null when it has none; then `code` says why. */
  readonly address: string | null;
  readonly code: string | null;
  /** Milliseconds. */
  readonly ms: number;
}

/**
 * Addresses of names, as this machine's own means tell them, until the signal is aborted; what is not known by then is missing. In a process
 * of its own: a look-up that hangs can be broken off in no other way, and a process does not end before its look-ups do.
 *
 * @example
 * (await lookUpNames(["localhost"], signal)).get("localhost")?.address; // "127.0.0.1"
 */
export async function lookUpNames(
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, NamedAddress>> {
  const found = new Map<string, NamedAddress>();
  const child = spawn(process.execPath, ["-e", script, ...new Set(names)], { stdio: ["ignore", "pipe", "ignore"] });
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await once(child, "close");
    for (const line of text.split("\n").slice(0, -1)) {
      const [name, address, code, ms] = JSON.parse(line) as [string, string | null, string | null, number];
      found.set(name, { address, code, ms });
    }
  } finally {
    signal.removeEventListener("abort", kill);
  }
  return found;
}
