import { dashboardRows, type PanelSpec } from "./dashboard-rows.ts";

const datasource = { type: "prometheus", uid: "$datasource" };
/** Columns of the grid. */
const gridWidth = 24;
const sizes = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 8 } } as const;

/** The dashboard for Grafana, as JSON: every metric there is, with what it means. */
export function renderDashboard(): string {
  const dashboard = {
    uid: "mahavishnu",
    title: "Mahavishnu",
    description: "Runs, objectives and servers of an installation. What to do about each: docs/operations.md.",
    tags: ["mahavishnu"],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    annotations: { list: [] },
    templating: {
      list: [
        {
          name: "datasource",
          label: "Data source",
          type: "datasource",
          query: "prometheus",
          includeAll: false,
          multi: false,
        },
        choice("job", "Job", `label_values(mahavishnu_build_info, job)`),
        choice("instance", "Server", `label_values(mahavishnu_build_info{job=~"$job"}, instance)`),
      ],
    },
    panels: layOut(),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function choice(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: "query",
    datasource,
    query: { query, refId: name },
    definition: query,
    includeAll: true,
    multi: true,
    allValue: ".+",
    current: { selected: true, text: "All", value: "$__all" },
    refresh: 2,
    sort: 1,
  };
}

/** Puts rows below one another, and the panels of each from left to right. */
function layOut(): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: specs } of dashboardRows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: gridWidth, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const spec of specs) {
      const { w, h } = sizes[spec.kind];
      if (x + w > gridWidth) {
        x = 0;
        y += height;
      }
      panels.push(formPanel(spec, panels.length + 1, { x, y, w, h }));
      x += w;
      height = h;
    }
    y += height;
  }
  return panels;
}

function formPanel(spec: PanelSpec, id: number, gridPos: object): object {
  const { kind, title, description, unit, queries, bad, max, noValue = "no data" } = spec;
  return {
    id,
    type: kind,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        noValue,
        ...(kind === "timeseries" && unit !== "percentunit" ? { min: 0 } : {}),
        ...(max === undefined ? {} : { max }),
        color: { mode: kind === "stat" ? "thresholds" : "palette-classic" },
        thresholds: { mode: "absolute", steps: stepsOf(bad) },
      },
      overrides: [],
    },
    options:
      kind === "stat"
        ? {
            reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
            colorMode: "value",
            graphMode: "area",
            textMode: "auto",
            justifyMode: "auto",
            wideLayout: true,
            showPercentChange: false,
            percentChangeColorMode: "standard",
            orientation: "auto",
          }
        : {
            legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
            tooltip: { mode: "multi", sort: "desc" },
          },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat,
      range: kind === "timeseries",
      instant: kind === "stat",
    })),
  };
}

function stepsOf(bad: PanelSpec["bad"]): object[] {
  if (bad === undefined) return [{ color: "text", value: null }];
  if ("above" in bad)
    return [
      { color: "green", value: null },
      { color: "red", value: bad.above + Number.EPSILON },
    ];
  return [
    { color: "red", value: null },
    { color: "green", value: bad.below },
  ];
}
