import { messageOf } from "../../lib/errors.ts";
import { clockProbes } from "./probe-clock.ts";
import { diskProbes } from "./probe-disk.ts";
import type { Finding, Probe, Subject } from "./finding.ts";
import { gitProbes } from "./probe-git.ts";
import { limitProbes } from "./probe-limits.ts";
import { machineProbes } from "./probe-machine.ts";
import { networkProbes } from "./probe-network.ts";

/** What was found out about one thing, and how long that took. */
export interface DoctorItem extends Finding {
  readonly id: string;
  /** Milliseconds. */
  readonly ms: number;
}

/** What was found out about this machine. */
export interface DoctorReport {
  /** The worst of all. */
  readonly status: Finding["status"];
  readonly items: readonly DoctorItem[];
}

/** The time of one look; all go on side by side, so it is about that of all together. */
const limitMs = 4_000;

/** Everything that is looked at, in the order in which it is told. */
export const allProbes: readonly Probe[] = [
  ...machineProbes,
  ...gitProbes,
  ...diskProbes,
  ...limitProbes,
  ...clockProbes,
  ...networkProbes,
];

/**
 * Looks at this machine, at all things side by side. What takes too long, or breaks, is a finding like others.
 *
 * @example
 * const { status, items } = await runDoctor(subject, never);
 */
export async function runDoctor(
  subject: Subject,
  signal: AbortSignal,
  { probes = allProbes, ms = limitMs }: { readonly probes?: readonly Probe[]; readonly ms?: number } = {},
): Promise<DoctorReport> {
  const items = await Promise.all(probes.map(async (probe) => await look(probe, subject, { signal, ms })));
  signal.throwIfAborted();
  const status = (["fail", "warn"] as const).find((worst) => items.some((item) => item.status === worst)) ?? "ok";
  return { status, items };
}

async function look(
  { id, look: run }: Probe,
  subject: Subject,
  { signal, ms }: { readonly signal: AbortSignal; readonly ms: number },
): Promise<DoctorItem> {
  const begin = performance.now();
  const ending = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<Finding>();
  const giveUp = (): void => {
    ending.abort();
    const remedy = { text: "Something on this machine hangs: a network file system, a name server, or a full disk." };
    end({ status: "warn", text: `was not found out within ${ms / 1_000} s`, remedy });
  };
  const timer = setTimeout(giveUp, ms);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    // What hangs is left behind.
    const finding = await Promise.race([tryLook(run, subject, ending.signal), ended]);
    return { id, ...finding, ms: Math.round(performance.now() - begin) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

async function tryLook(run: Probe["look"], subject: Subject, signal: AbortSignal): Promise<Finding> {
  try {
    return await run(subject, signal);
  } catch (error) {
    return { status: "warn", text: `cannot be found out: ${messageOf(error)}`, remedy: { text: "Look why, by hand." } };
  }
}
