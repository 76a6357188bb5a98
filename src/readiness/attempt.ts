import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../lib/errors.ts";
import type { Outcome } from "./types.ts";

/** How one attempt of a probe ended. */
export type AttemptEnd =
  | { readonly kind: "answered"; readonly outcome: Outcome }
  | { readonly kind: "error"; readonly reason: string }
  | { readonly kind: "timeout" }
  /** The suite was stopped while it ran. */
  | { readonly kind: "stopped" };

/** What bounds an attempt. */
export interface AttemptLimits {
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds that a probe has to end its children after it was told to stop. */
  readonly graceMs: number;
  /** Aborted when the suite stops. */
  readonly stop: AbortSignal;
}

/**
 * Asks a probe once. It always comes back: a probe that does not listen to its signal is left behind after the grace.
 *
 * @example
 * await attempt(async () => ({ status: "pass", reason: "all is well" }), { timeoutMs: 1000, graceMs: 500, stop });
 */
export async function attempt(
  probe: (signal: AbortSignal) => Promise<Outcome> | Outcome,
  limits: AttemptLimits,
): Promise<AttemptEnd> {
  if (limits.stop.aborted) return { kind: "stopped" };
  const controller = new AbortController();
  const { promise: cut, resolve: cutNow } = Promise.withResolvers<"timeout" | "stopped">();
  const end = (why: "timeout" | "stopped"): void => {
    cutNow(why);
    controller.abort(
      new Error(why === "timeout" ? `no answer within ${limits.timeoutMs} ms` : "the suite was stopped"),
    );
  };
  const timer = setTimeout(() => {
    end("timeout");
  }, limits.timeoutMs);
  const onStop = (): void => {
    end("stopped");
  };
  limits.stop.addEventListener("abort", onStop, { once: true });
  const work = ask(probe, controller.signal);
  try {
    const first = await Promise.race([work, cut]);
    if (typeof first !== "string") return first;
    // Its children are ended before the next check starts; an answer that comes too late does not count.
    const settled = new AbortController();
    const grace = delay(limits.graceMs, undefined, { signal: settled.signal }).catch(() => undefined);
    await Promise.race([work, grace]);
    settled.abort();
    return { kind: first };
  } finally {
    clearTimeout(timer);
    limits.stop.removeEventListener("abort", onStop);
  }
}

async function ask(
  probe: (signal: AbortSignal) => Promise<Outcome> | Outcome,
  signal: AbortSignal,
): Promise<AttemptEnd> {
  try {
    const outcome = await probe(signal);
    if (outcome.reason.trim() === "") return { kind: "error", reason: "the check answered without a reason" };
    return { kind: "answered", outcome };
  } catch (error) {
    const message = messageOf(error).trim();
    return { kind: "error", reason: message === "" ? "the check failed without a message" : message };
  }
}
