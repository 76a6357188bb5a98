import type { Config } from "../config/schema.ts";
import { messageOf } from "../lib/errors.ts";
import type { AppContext } from "./app-context.ts";
import { runCanary } from "./canary-run.ts";
import { expectRunFolders } from "./run-folders.ts";

/** How an adapter was found. */
export interface AdapterHealth {
  readonly name: string;
  readonly state: "up" | "down";
  /** One sentence: what the round trip showed, or what went wrong. */
  readonly reason: string;
  /** Milliseconds of the parts of the round trip, in order; only what was reached. */
  readonly layers: readonly { readonly name: string; readonly ms: number }[];
  /** What was sent and what came back; null when nothing was sent. */
  readonly canary: { readonly nonce: string; readonly echo: string | null } | null;
}

/** Names of the adapters that the configuration enables. The embedded engine is always there. */
export function enabledAdapters(_config: Config): readonly string[] {
  return ["embedded"];
}

/**
 * Makes a real round trip through an adapter. The embedded engine lives when a run of its own goes through it and can be read again.
 * What goes wrong is in what it gives.
 */
export async function checkAdapter(context: AppContext, name: string, deadlineMs: number): Promise<AdapterHealth> {
  try {
    // The canary's store is its own, so what keeps every run of the user from beginning has to be asked for.
    await context.history();
    expectRunFolders(context.loaded.paths);
    const { storeMs, runMs, nonce, echo, state, reason } = await runCanary(context, AbortSignal.timeout(deadlineMs));
    const layers = [
      { name: "store", ms: round(storeMs) },
      { name: "run", ms: round(runMs) },
    ];
    const canary = { nonce, echo };
    if (state !== "succeeded") {
      return { name, state: "down", reason: `the canary run ended as ${state}: ${reason}`, layers, canary };
    }
    if (echo !== nonce) {
      return { name, state: "down", reason: "the canary run did not give back what it was given", layers, canary };
    }
    return { name, state: "up", reason: `a canary run took ${round(storeMs + runMs)} ms`, layers, canary };
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const reason = late ? `the canary run did not end within ${deadlineMs} ms` : messageOf(error);
    return { name, state: "down", reason, layers: [], canary: null };
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
