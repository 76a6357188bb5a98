import type { Config } from "../../config/schema.ts";
import type { Store } from "../../store/contract.ts";
import type { GaugePoint, MetricSource } from "../metrics/metric-family.ts";
import { type BurnWindow } from "./judge-objective.ts";
import { objectiveNames, readObjective } from "./read-objectives.ts";

/** Tells how objectives stand; nothing of times in which no run has ended. */
export function sloSource(
  store: Pick<Store, "countGoodRuns" | "readForgottenUpTo">,
  config: Pick<Config, "retention" | "telemetry">,
): MetricSource {
  return {
    name: "objectives",
    collect: async () => {
      const points: GaugePoint[] = [];
      for (const name of objectiveNames(config)) {
        const reading = await readObjective(store, config, { name, now: Date.now() });
        if (reading === null) continue;
        for (const [window, value] of Object.entries(reading.burnRates) as [BurnWindow, number | null][]) {
          if (value !== null) points.push({ name: "mahavishnu_slo_burn_rate", labels: { slo: name, window }, value });
        }
        const { budgetLeft: value } = reading;
        if (value !== null)
          points.push({ name: "mahavishnu_slo_budget_remaining_ratio", labels: { slo: name }, value });
      }
      return points;
    },
  };
}
