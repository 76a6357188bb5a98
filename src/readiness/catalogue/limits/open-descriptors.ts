import { count } from "../../../lib/count.ts";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Config } from "../../../config/schema.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** The database with its log and index, the standard streams, the event loop, and what a command needs for itself. */
const baseDescriptors = 64;
/** A step has three pipes, its log and its outputs; while it starts, both ends of its pipes; git for its worktree beside it. */
const descriptorsPerStep = 8;

/** Files that one process has open at most, with the limits of the user. */
export function descriptorsNeeded({ maxConcurrentSteps }: Pick<Config["limits"], "maxConcurrentSteps">): number {
  return baseDescriptors + descriptorsPerStep * maxConcurrentSteps;
}

/** Opens as many as it is told, says how many it has, and why there are not more. */
const script = `
const { openSync } = require("node:fs");
let opened = 0, why = "";
try { for (; opened < Number(process.argv[1]); opened += 1) openSync("/dev/null"); } catch (error) { why = error.code; }
process.stdout.write(opened + " " + why);
`;

/**
 * Opens in a child what a process with many steps would.
 *
 * @param launcher Words that start Node; this process's own when left out.
 */
export async function openDescriptors(
  context: CheckContext,
  launcher: readonly [string, ...string[]] = [process.execPath],
): Promise<Outcome> {
  const { limits } = (await context.config()).config;
  const need = descriptorsNeeded(limits);
  const [file, ...words] = launcher;
  const { stdout } = await promisify(execFile)(file, [...words, "-e", script, String(need)], {
    signal: context.signal,
  });
  const [opened = "0", why = ""] = stdout.split(" ");
  const counts = { expected: `${need} open files`, observed: `${opened} open files` };
  if (Number(opened) >= need) {
    return {
      status: "pass",
      reason: `${need} files can be open at once, for ${count(limits.maxConcurrentSteps, "step", "steps")}`,
      ...counts,
    };
  }
  return {
    status: "fail",
    reason: `only ${opened} of the ${need} files for ${count(limits.maxConcurrentSteps, "step", "steps")} can be open at once (${why})`,
    ...counts,
    remediation: { command: `ulimit -n ${need + baseDescriptors}` },
  };
}
