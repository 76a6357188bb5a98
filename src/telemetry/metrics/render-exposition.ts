import type { HistogramPoint, Labels, MetricFamily } from "./metric-family.ts";
import { definitionOf, type MetricDefinition } from "./metric-table.ts";

/** The forms in which metrics are told. */
export type ExpositionForm = "text" | "openmetrics";

/** What is told over HTTP as which media type. */
export const expositionTypes: Readonly<Record<ExpositionForm, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Writes metrics as Prometheus text 0.0.4 or as OpenMetrics 1.0.0. A family without a point is left out.
 *
 * @example
 * renderExposition([{ name: "mahavishnu_queue_depth", points: [{ labels: {}, value: 3 }] }], "text");
 * // # HELP mahavishnu_queue_depth Runs that wait to begin.
 * // # TYPE mahavishnu_queue_depth gauge
 * // mahavishnu_queue_depth 3
 */
export function renderExposition(families: readonly MetricFamily[], form: ExpositionForm): string {
  const lines = families.filter(({ points }) => points.length > 0).flatMap((family) => renderFamily(family, form));
  if (form === "openmetrics") lines.push("# EOF");
  return lines.map((line) => `${line}\n`).join("");
}

function renderFamily({ name, points }: MetricFamily, form: ExpositionForm): string[] {
  const definition = definitionOf(name);
  const { type, unit, help } = definition;
  const isOpen = form === "openmetrics";
  const family = isOpen ? baseOf(name, type) : name;
  return [
    `# HELP ${family} ${escapeHelp(help, form)}`,
    `# TYPE ${family} ${type === "info" && !isOpen ? "gauge" : type}`,
    ...(isOpen && unit !== null ? [`# UNIT ${family} ${unit}`] : []),
    ...points.flatMap((point) =>
      "value" in point
        ? [`${name}${renderLabels(point.labels, definition)} ${renderNumber(point.value)}`]
        : renderHistogram(name, point, definition, form),
    ),
  ];
}

/** In OpenMetrics a family is called without the suffix that its samples have. */
function baseOf(name: string, type: MetricDefinition["type"]): string {
  const suffix = type === "counter" ? "_total" : type === "info" ? "_info" : "";
  return name.slice(0, name.length - suffix.length);
}

function renderHistogram(
  name: string,
  { labels, counts, sum }: HistogramPoint,
  definition: MetricDefinition,
  form: ExpositionForm,
): string[] {
  const lines: string[] = [];
  let count = 0;
  for (const [index, bound] of [...(definition.buckets ?? []), Number.POSITIVE_INFINITY].entries()) {
    count += counts[index] ?? 0;
    lines.push(`${name}_bucket${renderLabels(labels, definition, renderBound(bound, form))} ${count}`);
  }
  const own = renderLabels(labels, definition);
  return [...lines, `${name}_sum${own} ${renderNumber(sum)}`, `${name}_count${own} ${count}`];
}

/** OpenMetrics wants bounds to be seen as floating-point numbers. */
function renderBound(bound: number, form: ExpositionForm): string {
  const text = renderNumber(bound);
  return form === "openmetrics" && /^\d+$/.test(text) ? `${text}.0` : text;
}

function renderLabels(labels: Labels, { labels: names }: MetricDefinition, bound?: string): string {
  const pairs = names.map((name) => `${name}="${escapeLabel(labels[name] ?? "")}"`);
  if (bound !== undefined) pairs.push(`le="${bound}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function renderNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string, form: ExpositionForm): string {
  return form === "openmetrics" ? escapeLabel(text) : text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
