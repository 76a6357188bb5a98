import { formatDuration } from "../../lib/duration.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { PlanItem, PlanView } from "../../readiness/describe-plan.ts";
import type { Explanation } from "../../readiness/explain-check.ts";
import { categories, groupTitles, headings } from "../../readiness/headings.ts";
import { show } from "../../readiness/judge-samples.ts";
import { wrap } from "../../readiness/report/text-style.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { ProductionExplainOptions, ProductionOptions as SuiteFlags } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import { renderTable } from "../terminal/table.ts";

/** Refuses forms that only a report has, before anything is planned. @throws MahavishnuError USAGE */
export function refuseReportForms(flags: SuiteFlags): void {
  if (flags.format !== "junit" && flags.format !== "short" && flags.reports.length === 0) return;
  const shown = flags.list === true ? "--list" : "--plan";
  throw new MahavishnuError("USAGE", `${shown} runs nothing, so there is no report`, {
    fix: `Use ${shown} with -o text, json or ndjson.`,
  });
}

/** `--list` and `--plan`: what a suite would ask; nothing is asked. */
export function printSuitePlan(view: PlanView, flags: SuiteFlags, { stdout }: CommandIo): number {
  if (flags.format === "json") writeJson(stdout, view);
  else if (flags.format === "ndjson") writeNdjson(stdout, view.items);
  else writeLines(stdout, flags.list === true ? viewList(view.items, stdout) : viewPlan(view, stdout));
  return exitCodes.success;
}

function byHeading(items: readonly PlanItem[]): readonly (readonly [string, readonly PlanItem[]])[] {
  return categories
    .map((category) => [headings[category], items.filter((item) => item.category === category)] as const)
    .filter(([, found]) => found.length > 0);
}

function viewList(items: readonly PlanItem[], look: Look): string[] {
  return byHeading(items).flatMap(([heading, found]) => [
    renderLine([span("strong", heading)], look),
    ...renderTable(
      {
        indent: 2,
        columns: [{ whole: true }, {}, { whole: true }],
        rows: found.map((item) => [
          [item.mustPass ? `${item.id}*` : item.id],
          [item.title],
          [span("faint", item.skip ?? item.severity)],
        ]),
      },
      look,
    ),
  ]);
}

function viewPlan({ items, notAsked }: PlanView, look: Look): string[] {
  const rows = byHeading(items).flatMap(([heading, found]) => [
    renderLine([span("strong", heading), span("faint", `  ${found.length}, ${timeOf(found)}`)], look),
    ...renderTable(
      {
        indent: 2,
        columns: [{ whole: true }, { whole: true }, { whole: true, align: "right" }, {}, {}],
        rows: found.map((item): Line[] => [
          [item.id],
          [item.skip === null ? (item.mode ?? "roll-up") : "skipped"],
          [item.expectedMs === null ? "" : formatDuration(item.expectedMs)],
          [span("faint", item.gates.join(", "))],
          [span("faint", item.skip ?? (item.dependsOn.length === 0 ? "" : `after ${item.dependsOn.join(", ")}`))],
        ]),
      },
      look,
    ),
  ]);
  const unasked = notAsked.map(({ id, reason }) =>
    renderLine(["  ", span("faint", `- ${id}  not asked: ${reason}`)], look),
  );
  return [...rows, ...unasked, "", `${items.length} in all; one after the other they take ${timeOf(items)}`];
}

function timeOf(items: readonly PlanItem[]): string {
  const asked = items.filter((item) => item.mode !== null);
  return `about ${formatDuration(asked.reduce((sum, item) => sum + (item.expectedMs ?? 0), 0))}`;
}

/** `production explain ID`. */
export function printExplanation(
  explanation: Explanation,
  options: ProductionExplainOptions,
  { stdout }: CommandIo,
): number {
  if (options.format === "json") writeJson(stdout, explanation);
  else writeLines(stdout, viewExplanation(explanation, stdout));
  return exitCodes.success;
}

function viewExplanation(explanation: Explanation, look: Look): string[] {
  const { id, title, severity, benchmark, advice } = explanation;
  const severities =
    severity.production === severity.development
      ? severity.production
      : `${severity.production}; ${severity.development} in the profile development`;
  const facts: readonly (readonly [string, string | null])[] = [
    [
      "heading",
      [headings[explanation.category], ...(explanation.group === null ? [] : [groupTitles[explanation.group]])].join(
        ", ",
      ),
    ],
    ["severity", explanation.mustPass ? `${severities}; must pass whatever the percentage` : severities],
    ["gates", explanation.gates.join(", ")],
    ["why", explanation.verifies],
    ["reads", explanation.static],
    ["acts", explanation.live],
    ["measures", benchmark === null ? null : tellBenchmark(benchmark)],
    ["limits", benchmark === null ? null : tellLimits(benchmark)],
    ["after", explanation.dependsOn.length === 0 ? null : explanation.dependsOn.join(", ")],
    ["rolls up", explanation.rollUpOf.length === 0 ? null : explanation.rollUpOf.join(", ")],
    ["remedy", advice.text],
    ["command", advice.command],
    ["page", explanation.docs],
  ];
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null);
  const width = Math.min(look.width, 100) - 12;
  const rows = known.flatMap(([name, text]) =>
    wrap(text, width).map((line, index): Line => ["  ", span("faint", (index === 0 ? name : "").padEnd(10)), line]),
  );
  return [[span("strong", id), `  ${title}`], ...rows].map((line) => renderLine(line, look));
}

function tellBenchmark({ figure, unit, warmUp, samples }: NonNullable<Explanation["benchmark"]>): string {
  return `${figure}, in ${unit}: ${samples} samples after ${warmUp} for warming up`;
}

function tellLimits({ limits, unit, better }: NonNullable<Explanation["benchmark"]>): string | null {
  if (limits === null) return null;
  const bound = better === "lower" ? "at most" : "at least";
  const tail = limits.p95 === null ? "" : `, 95th percentile ${bound} ${show(limits.p95, unit)}`;
  return `median ${bound} ${show(limits.median, unit)}${tail}`;
}
