import type { AppContext } from "../../app/app-context.ts";
import type { Log } from "../../lib/log.ts";
import { stateSizeSource } from "./state-size-source.ts";
import { diskSource, workloadSource } from "../../telemetry/metrics/workspace-source.ts";
import { Metrics } from "../../telemetry/metrics/metrics.ts";

/**
 * Begins to count, if `telemetry.metrics.enabled` says so; what does it is loaded only then. Whatever else has gauges adds itself by
 * `addSource`, and whatever happens in this process is told to `instruments`: both do nothing where nothing is counted.
 */
export async function startMetrics(app: AppContext, log: Log): Promise<Metrics> {
  const { config, paths } = app.loaded;
  if (!config.telemetry.metrics.enabled) return new Metrics(null);
  const { openMetrics } = await import("../../telemetry/metrics/open-metrics.ts");
  const store = await app.store();
  const metrics = await openMetrics({ store, log });
  const { maxConcurrentWorkflows: runs, maxConcurrentSteps: steps } = config.limits;
  metrics.addSource(workloadSource(store, { runs, steps }));
  metrics.addSource(diskSource(paths.stateFolder));
  metrics.addSource(metrics.own(stateSizeSource(paths.stateFolder)));
  return metrics;
}
