import type { GaugePoint, MetricSource } from "../../telemetry/metrics/metric-family.ts";
import type { HealthBoard } from "../health/health-board.ts";

const adapterPrefix = "adapter:";

/** Tells how the parts of the server were found at the last look. */
export function healthSource(board: Pick<HealthBoard, "report">): MetricSource {
  return {
    name: "health",
    collect: async () => {
      const { checks } = await board.report();
      return checks.map(({ name, status }): GaugePoint => {
        const value = status === "fail" ? 0 : 1;
        return name.startsWith(adapterPrefix)
          ? { name: "mahavishnu_adapter_up", labels: { adapter: name.slice(adapterPrefix.length) }, value }
          : { name: "mahavishnu_health_up", labels: { part: name }, value };
      });
    },
  };
}
