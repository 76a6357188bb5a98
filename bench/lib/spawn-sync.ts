import { spawnSync } from "node:child_process";

/** Runs a command to its end without showing its output. @throws Error when it does not end with one of the expected codes. */
export function runQuietly(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly expect?: readonly number[] } = {},
): void {
  const { expect = [0], ...rest } = options;
  const { status, stderr, error } = spawnSync(file, args, {
    ...rest,
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  if (!expect.includes(status ?? -1))
    throw new Error(`${file} ${args.join(" ")}: exit ${status}: ${stderr.toString().slice(0, 400)}`);
}
