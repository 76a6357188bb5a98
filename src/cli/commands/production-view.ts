import type { LoadedConfig } from "../../config/load-config.ts";
import { formatDuration } from "../../lib/duration.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { type Definition, severityUnder } from "../../readiness/definition.ts";
import { explainCheck, type Explanation } from "../../readiness/explain-check.ts";
import { categories, groupTitles, headings } from "../../readiness/headings.ts";
import { show } from "../../readiness/judge-samples.ts";
import { loadRegistry } from "../../readiness/load-registry.ts";
import { wrap } from "../../readiness/report/text-style.ts";
import { planProduction, type ProductionOptions, type ProductionSetting } from "../../readiness/run-production.ts";
import type { PlannedCheck, SuitePlan } from "../../readiness/suite-plan.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { ProductionExplainOptions, ProductionOptions as SuiteFlags } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import { renderTable } from "../terminal/table.ts";

/** What a plan says about one question. */
interface PlanItem {
  readonly id: string;
  readonly title: string;
  readonly kind: Definition["kind"];
  readonly category: Definition["category"];
  readonly severity: string;
  readonly mustPass: boolean;
  readonly gates: readonly string[];
  /** `static`, `live`, or null when it is not asked. */
  readonly mode: "static" | "live" | null;
  /** Why it is not asked. */
  readonly skip: string | null;
  /** Milliseconds that it takes about; null when nobody knows, which is next to nothing. */
  readonly expectedMs: number | null;
  readonly dependsOn: readonly string[];
}

/** `--list` and `--plan`: what a suite would ask; nothing is asked. */
export async function printSuitePlan(
  options: ProductionOptions,
  setting: ProductionSetting,
  { flags, io }: { readonly flags: SuiteFlags; readonly io: CommandIo },
): Promise<number> {
  const shown = flags.list === true ? "--list" : "--plan";
  if (flags.format === "junit" || flags.format === "short" || flags.reports.length > 0) {
    throw new MahavishnuError("USAGE", `${shown} runs nothing, so there is no report`, {
      fix: `Use ${shown} with -o text, json or ndjson.`,
    });
  }
  const { plan } = await planProduction(options, setting);
  const items = plan.checks.map((check) => describe(check, plan));
  if (flags.format === "json") writeJson(io.stdout, { items, nextCursor: null, notAsked: plan.notAsked });
  else if (flags.format === "ndjson") writeNdjson(io.stdout, items);
  else writeLines(io.stdout, flags.list === true ? viewList(items, io.stdout) : viewPlan(items, plan, io.stdout));
  return exitCodes.success;
}

function describe({ definition, mode, gates, skip }: PlannedCheck, { profile }: SuitePlan): PlanItem {
  const rolled = definition.kind !== "benchmark" && definition.rollUpOf !== undefined;
  const acts = mode === "live" && (definition.kind === "benchmark" || definition.live !== undefined);
  return {
    id: definition.id,
    title: definition.title,
    kind: definition.kind,
    category: definition.category,
    severity: severityUnder(definition, profile),
    mustPass: definition.kind === "test" && definition.mustPass === true,
    gates,
    mode: skip === undefined && !rolled ? (acts ? "live" : "static") : null,
    skip: skip ?? null,
    expectedMs: definition.expectedMs ?? null,
    dependsOn: definition.dependsOn ?? [],
  };
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

function viewPlan(items: readonly PlanItem[], plan: SuitePlan, look: Look): string[] {
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
  const unasked = plan.notAsked.map(({ id, reason }) =>
    renderLine(["  ", span("faint", `- ${id}  not asked: ${reason}`)], look),
  );
  return [...rows, ...unasked, "", `${items.length} in all; one after the other they take ${timeOf(items)}`];
}

function timeOf(items: readonly PlanItem[]): string {
  const asked = items.filter((item) => item.mode !== null);
  return `about ${formatDuration(asked.reduce((sum, item) => sum + (item.expectedMs ?? 0), 0))}`;
}

/** `production explain ID`. The workspace, if there is one, only adds its own limits. */
export async function printExplanation(
  loaded: LoadedConfig | undefined,
  options: ProductionExplainOptions,
  io: CommandIo,
): Promise<number> {
  const explanation = explainCheck(await loadRegistry(), options.id, loaded?.config.readiness.thresholds);
  if (options.format === "json") writeJson(io.stdout, explanation);
  else writeLines(io.stdout, viewExplanation(explanation, io.stdout));
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
