import type { Finding } from "./finding.ts";
import { evaluateGate } from "./gates.ts";
import type { Machine, Measurement, Report } from "./report/report.ts";
import { rollUp } from "./roll-up.ts";
import type { SuitePlan } from "./suite-plan.ts";
import type { Result } from "./types.ts";
import { decideVerdict, type Stop } from "./verdict.ts";
import { applyWaivers, type Waiver, type WaiverRules } from "./waivers.ts";

/** What the verdict follows from. Nothing of how it is shown is among it. */
export interface Conclusion {
  readonly plan: SuitePlan;
  /** What the stages found. */
  readonly results: readonly Result[];
  readonly waivers: readonly Waiver[];
  readonly rules: WaiverRules;
  /** What is known beside the results: a file of waivers that cannot be read. */
  readonly findings: readonly Finding[];
  readonly strict: boolean;
  readonly exitZero: boolean;
  readonly acceptWaivedCritical: boolean;
  readonly stop?: Stop;
  readonly deadlinePassed: boolean;
}

/** What a report says about where and when it was made. */
export interface Circumstances {
  readonly version: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly workspace: Report["workspace"];
  readonly machine: Machine;
  readonly measurements: readonly Measurement[];
}

/** Waivers, then roll-ups (which follow from what is waived), then waivers of roll-ups, in the order of the plan. */
export function settleResults(
  { plan, results }: Pick<Conclusion, "plan" | "results">,
  waivers: readonly Waiver[],
  rules: WaiverRules,
): ReturnType<typeof applyWaivers> {
  const members = applyWaivers(results, waivers, rules).results;
  const rolled = rollUp(plan.checks, members, plan.profile);
  const place = new Map(plan.checks.map(({ definition }, index) => [definition.id, index]));
  const all = [...results, ...rolled].toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  return applyWaivers(all, waivers, rules);
}

/** The report of a suite: results settled, gates evaluated, the verdict decided, all before anything is rendered. */
export function concludeReport(conclusion: Conclusion, circumstances: Circumstances): Report {
  const { plan, strict, exitZero, stop } = conclusion;
  const settled = settleResults(conclusion, conclusion.waivers, conclusion.rules);
  const evaluated = plan.gates.map((name) =>
    evaluateGate(name, settled.results, {
      profile: plan.profile,
      acceptWaivedCritical: conclusion.acceptWaivedCritical,
      leftOut: plan.emptyGates,
      empty: plan.checks.length === 0,
    }),
  );
  const gates = evaluated.map(({ gate }) => gate);
  const findings: readonly Finding[] = [
    ...conclusion.findings,
    ...settled.findings,
    ...evaluated.flatMap(({ concerns }) => concerns),
    ...partialFindings(conclusion),
  ];
  const decision = decideVerdict({ gates, findings, strict, exitZero, ...(stop === undefined ? {} : { stop }) });
  const { version, startedAt, durationMs, workspace, machine, measurements } = circumstances;
  return {
    schemaVersion: 1,
    tool: { name: "mahavishnu", version },
    command: plan.command,
    profile: plan.profile,
    startedAt: startedAt.toISOString(),
    durationMs,
    workspace,
    verdict: decision.verdict,
    exitCode: decision.exitCode,
    verdictCode: decision.code,
    strict,
    reasons: decision.reasons,
    gates,
    results: settled.results,
    benchmarks: measurements,
    waivers: settled.waivers,
    findings: uniqueFindings(findings),
    selection: plan.selection,
    machine,
  };
}

/** What keeps a run from vouching for everything although each of its answers is good. */
function partialFindings({ plan, results, deadlinePassed }: Conclusion): Finding[] {
  const { leftOut } = plan.selection;
  const total = leftOut.length + plan.checks.length;
  const findings: Finding[] = [];
  if (leftOut.length > 0 && plan.checks.length > 0) {
    findings.push({
      level: "reservation",
      text: `--only left out ${leftOut.length} of ${total} checks: they are not vouched for`,
    });
  }
  const unasked = results.filter((result) => result.status === "notRun").length;
  if (deadlinePassed && unasked > 0) {
    findings.push({ level: "failure", text: `the deadline passed before ${unasked} of ${results.length} answers` });
  }
  return findings;
}

/** A flaky result that counts in two gates is one concern. */
function uniqueFindings(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.level} ${finding.text}`, finding])).values()];
}
