import { describe, expect, it } from "vitest";
import type { MetricFamily } from "./metric-family.ts";
import { definitionOf, type MetricName, metricTable } from "./metric-table.ts";
import { renderExposition } from "./render-exposition.ts";

const names = Object.keys(metricTable) as MetricName[];

const families: readonly MetricFamily[] = [
  {
    name: "mahavishnu_runs_finished_total",
    points: [{ labels: { state: "failed", workflow: 'a "b"\\c\nd' }, value: 3 }],
  },
  { name: "mahavishnu_backups", points: [] },
  {
    name: "mahavishnu_run_duration_seconds",
    points: [{ labels: { workflow: "w" }, counts: [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1], sum: 90_010.5 }],
  },
  { name: "process_cpu_seconds_total", points: [{ labels: {}, value: 1e-7 }] },
  {
    name: "mahavishnu_slo_burn_rate",
    points: [{ labels: { slo: "s", window: "1h" }, value: Number.POSITIVE_INFINITY }],
  },
  { name: "mahavishnu_build_info", points: [{ labels: { version: "1.2.3" }, value: 1 }] },
];

describe("renderExposition", () => {
  it("writes Prometheus text", () => {
    expect(renderExposition(families, "text")).toMatchInlineSnapshot(`
      "# HELP mahavishnu_runs_finished_total Runs that are over, by how they ended: succeeded, partial, failed, cancelled.
      # TYPE mahavishnu_runs_finished_total counter
      mahavishnu_runs_finished_total{workflow="a \\"b\\"\\\\c\\nd",state="failed"} 3
      # HELP mahavishnu_run_duration_seconds From when a run began, or was tried again, to its end. Runs that never began are not in it.
      # TYPE mahavishnu_run_duration_seconds histogram
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="0.5"} 1
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="1"} 1
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="5"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="15"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="30"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="60"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="300"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="900"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="3600"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="14400"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="86400"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="+Inf"} 4
      mahavishnu_run_duration_seconds_sum{workflow="w"} 90010.5
      mahavishnu_run_duration_seconds_count{workflow="w"} 4
      # HELP process_cpu_seconds_total Processor time of the server's process.
      # TYPE process_cpu_seconds_total counter
      process_cpu_seconds_total 1e-7
      # HELP mahavishnu_slo_burn_rate How much faster than planned the error budget is spent, over the window; 1 spends it exactly.
      # TYPE mahavishnu_slo_burn_rate gauge
      mahavishnu_slo_burn_rate{slo="s",window="1h"} +Inf
      # HELP mahavishnu_build_info 1, with the version of the server.
      # TYPE mahavishnu_build_info gauge
      mahavishnu_build_info{version="1.2.3"} 1
      "
    `);
  });

  it("writes OpenMetrics", () => {
    expect(renderExposition(families, "openmetrics")).toMatchInlineSnapshot(`
      "# HELP mahavishnu_runs_finished Runs that are over, by how they ended: succeeded, partial, failed, cancelled.
      # TYPE mahavishnu_runs_finished counter
      mahavishnu_runs_finished_total{workflow="a \\"b\\"\\\\c\\nd",state="failed"} 3
      # HELP mahavishnu_run_duration_seconds From when a run began, or was tried again, to its end. Runs that never began are not in it.
      # TYPE mahavishnu_run_duration_seconds histogram
      # UNIT mahavishnu_run_duration_seconds seconds
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="0.5"} 1
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="1.0"} 1
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="5.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="15.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="30.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="60.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="300.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="900.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="3600.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="14400.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="86400.0"} 3
      mahavishnu_run_duration_seconds_bucket{workflow="w",le="+Inf"} 4
      mahavishnu_run_duration_seconds_sum{workflow="w"} 90010.5
      mahavishnu_run_duration_seconds_count{workflow="w"} 4
      # HELP process_cpu_seconds Processor time of the server's process.
      # TYPE process_cpu_seconds counter
      # UNIT process_cpu_seconds seconds
      process_cpu_seconds_total 1e-7
      # HELP mahavishnu_slo_burn_rate How much faster than planned the error budget is spent, over the window; 1 spends it exactly.
      # TYPE mahavishnu_slo_burn_rate gauge
      mahavishnu_slo_burn_rate{slo="s",window="1h"} +Inf
      # HELP mahavishnu_build 1, with the version of the server.
      # TYPE mahavishnu_build info
      mahavishnu_build_info{version="1.2.3"} 1
      # EOF
      "
    `);
  });

  it("writes nothing but the end when there is nothing", () => {
    expect(renderExposition([], "text")).toBe("");
    expect(renderExposition([], "openmetrics")).toBe("# EOF\n");
  });

  it("escapes the help of OpenMetrics, and never writes half a character", () => {
    const [odd] = [{ name: "mahavishnu_adapter_up", points: [{ labels: { adapter: "\ud800" }, value: 0 }] }] as const;
    expect(renderExposition([odd], "text")).toContain('mahavishnu_adapter_up{adapter="\ufffd"} 0\n');
  });
});

describe("the table of metrics", () => {
  it("keeps to the rules of names", () => {
    const odd = names.filter((name) => {
      const { type, unit, labels, buckets = [] } = definitionOf(name);
      const base = name.replace(/_(?:total|info)$/, "");
      const isSorted = buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? 0));
      return (
        !/^(?:mahavishnu|process)_[a-z][a-z_]*[a-z]$/.test(name) ||
        (type === "counter") !== name.endsWith("_total") ||
        (type === "info") !== name.endsWith("_info") ||
        (unit !== null && !base.endsWith(`_${unit}`)) ||
        (unit === null && /_(?:seconds|bytes|ratio)$/.test(base)) ||
        (type === "histogram") !== buckets.length > 0 ||
        !isSorted ||
        labels.some((label) => !/^(?!le$)[a-z]+$/.test(label))
      );
    });
    expect(odd).toEqual([]);
  });
});
