import { setTimeout as delay } from "node:timers/promises";
import { Unmet } from "./unmet.ts";

/** How something is waited for. */
export interface WaitOptions {
  readonly signal: AbortSignal;
  /** What is waited for, for the message: `the step to begin`. */
  readonly what: string;
  /** Milliseconds; 15 s when left out: patient, since the machine may be busy with other checks. */
  readonly timeoutMs?: number;
}

const pollMs = 20;

/**
 * Polls until a condition holds.
 *
 * @throws Unmet when it does not in time; the signal's reason when aborted.
 */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  { signal, what, timeoutMs = 15_000 }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Unmet(`waited ${timeoutMs} ms in vain for ${what}`);
    // Its own error would not say why.
    await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
