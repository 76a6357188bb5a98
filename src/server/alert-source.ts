import type { AppContext } from "../app/app-context.ts";
import { severities } from "../telemetry/alerts/alert.ts";
import type { GaugePoint, MetricSource } from "../telemetry/metrics/metric-family.ts";

/** Tells how many alerts fire, by the severity of their rules. */
export function alertSource(app: AppContext): MetricSource {
  const { alerts: rules } = app.loaded.config.telemetry;
  const severityOf = new Map(rules.map(({ name, severity }) => [name, severity]));
  return {
    name: "alerts",
    collect: async () => {
      const book = await (await app.store()).readAlerts();
      const firing = (book?.alerts ?? []).filter(({ state }) => state === "firing");
      return severities.map((severity): GaugePoint => {
        const value = firing.filter(({ rule }) => severityOf.get(rule) === severity).length;
        return { name: "mahavishnu_alerts_firing", labels: { severity }, value };
      });
    },
  };
}
