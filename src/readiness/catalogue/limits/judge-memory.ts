import { count } from "../../../lib/count.ts";
import { totalmem } from "node:os";
import { formatSize } from "../../../lib/size.ts";
import type { Outcome } from "../../types.ts";

/** Memory of this machine as far as this process may use it, in bytes. */
export interface Memory {
  /** What the container or the machine has in all. */
  readonly limit: number;
  /** What is free now. */
  readonly available: number;
}

/** The memory that this process and its children may use, a container's limit taken into account. */
export function readMemory(): Memory {
  // Without a limit Node tells 0, or more than any machine has.
  const constrained = process.constrainedMemory();
  const total = totalmem();
  const limit = constrained > 0 ? Math.min(constrained, total) : total;
  return { limit, available: Math.min(process.availableMemory(), limit) };
}

/** What is compared. */
export interface MemoryQuestion extends Memory {
  /** Most resident memory of each run that was measured. */
  readonly peakBytes: readonly number[];
  /** Runs that may be at work at once. */
  readonly runs: number;
}

/** Whether as many runs as may be at work at once fit into memory, the steps' own processes not counted. */
export function judgeMemory({ peakBytes, runs, limit, available }: MemoryQuestion): Outcome {
  if (peakBytes.length === 0) return { status: "inconclusive", reason: "the memory of the runs could not be read" };
  const each = Math.max(...peakBytes);
  const need = each * runs;
  const told = `${count(runs, "run needs", "runs need")} about ${show(need)} (${show(each)} each, measured)`;
  const counts = { expected: `at most ${show(limit)}`, observed: show(need) };
  const remediation = {
    text: `Set limits.maxConcurrentWorkflows to at most ${Math.max(1, Math.floor(limit / each))}, or give more memory.`,
  };
  if (need > limit) return { status: "fail", reason: `${told}, more than there is`, ...counts, remediation };
  if (need > available) {
    return { status: "warn", reason: `${told}, and only ${show(available)} are free now`, ...counts, remediation };
  }
  return { status: "pass", reason: `${told} of ${show(limit)}`, ...counts };
}

function show(bytes: number): string {
  return formatSize(Math.round(bytes));
}
