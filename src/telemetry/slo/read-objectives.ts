import type { Config } from "../../config/schema.ts";
import type { Store } from "../../store/contract.ts";
import { type BurnWindow, burnWindows, judgeObjective, type ObjectiveVerdict } from "./judge-objective.ts";

/** An objective and how it stands. */
export interface ObjectiveReading extends ObjectiveVerdict {
  readonly name: string;
  readonly kind: "availability" | "latency";
  readonly description: string | null;
  /** Per cent. */
  readonly objective: number;
  /** Of `latency`, how long a run may take, in milliseconds. */
  readonly withinMs: number | null;
  readonly workflows: readonly string[];
  /** Milliseconds behind now that were looked at: less than was asked for where the history is not kept as long. */
  readonly windowMs: number;
  readonly note: string | null;
}

/** Names of the objectives of a configuration. */
export function objectiveNames({ telemetry }: Pick<Config, "telemetry">): readonly string[] {
  return Object.keys(telemetry.slos);
}

/** Reads how an objective stands, from the rows of runs. Null when there is none of that name. */
export async function readObjective(
  store: Pick<Store, "countGoodRuns" | "readForgottenUpTo">,
  config: Pick<Config, "retention" | "telemetry">,
  { name, now }: { readonly name: string; readonly now: number },
): Promise<ObjectiveReading | null> {
  const slo = Object.hasOwn(config.telemetry.slos, name) ? config.telemetry.slos[name] : undefined;
  if (slo === undefined) return null;
  const { availability, latency, workflows, description = null, window } = slo;
  const { runs, every } = config.retention;
  // Where good runs go before bad ones, or the other way round, what is left says nothing.
  const keptMs = Math.min(runs.succeeded.age, runs.partial.age, runs.failed.age);
  const forgottenUpTo = (await store.readForgottenUpTo()) ?? Number.NEGATIVE_INFINITY;
  const knownMs = Math.max(
    0,
    Math.min(every === undefined ? Number.POSITIVE_INFINITY : keptMs, now - forgottenUpTo - 1),
  );
  const windowMs = Math.min(window, knownMs);
  const names = Object.keys(burnWindows) as BurnWindow[];
  const withinMs = latency?.within ?? null;
  const since = [windowMs, ...names.map((key) => burnWindows[key])].map((ms) => now - ms);
  const [whole, ...counted] = await store.countGoodRuns({ since, workflows, withinMs });
  const none = { good: 0, total: 0 };
  // Of a time that is not wholly known, no speed is told: what is left of it may be its good days alone.
  const at = (key: BurnWindow) => (burnWindows[key] > knownMs ? none : (counted[names.indexOf(key)] ?? none));
  const objective = availability?.objective ?? latency?.objective ?? 99;
  const windows = { "5m": at("5m"), "30m": at("30m"), "1h": at("1h"), "6h": at("6h"), "3d": at("3d") };
  return {
    ...judgeObjective(objective, { whole: whole ?? none, windows }),
    name,
    kind: latency === undefined ? "availability" : "latency",
    description,
    objective,
    withinMs,
    workflows,
    windowMs,
    note:
      windowMs < window
        ? "the history of the whole window is not there: runs were purged, or are not kept as long (retention.runs)"
        : null,
  };
}
