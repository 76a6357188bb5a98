import { count } from "../../lib/count.ts";
import { countWork } from "../../engine/outcome.ts";
import type { Plan, PlannedTarget } from "../../engine/plan.ts";
import { hasEnded, type RunState, type StepState, type TargetState } from "../../engine/state.ts";
import { estimateLeft } from "./estimate-left.ts";
import { type Line, lineWidth, padLine, renderLine, type Span, span } from "./line.ts";
import type { Look } from "./look.ts";
import { answerOf, formatClock, formatSeconds, labelOf, namedStepCell, wordOf } from "./run-words.ts";
import { renderTable, type Table, tableWidth } from "./table.ts";

/** Steps that a row of the live block shows at most; of more, those around the one that runs. */
const shownSteps = 3;
/** Names in "waits for a, b"; more are counted. */
const shownWaits = 3;

/** The first line of a run: `raise-node  k3v9q0x2mf  18 repositories, 6 at a time, order: needs`. */
export function renderRunHead(state: RunState, look: Look): string {
  return renderLine([span("strong", state.plan.workflow.name), "  ", state.id, "  ", describeScope(state)], look);
}

function describeScope(state: RunState): string {
  const { plan } = state;
  const repositories = Object.keys(plan.repositories).length;
  const targets = countWork(state).total;
  const parts = [count(repositories, "repository", "repositories")];
  const sweeps = plan.workflow.jobs.flatMap(({ sweep }) => (sweep === undefined ? [] : [sweep]));
  const [sweep] = sweeps;
  if (targets !== repositories) parts.push(count(targets, "target", "targets"));
  if (sweep !== undefined && sweeps.length === 1) {
    if (sweep.maxParallel !== undefined) parts.push(`${sweep.maxParallel} at a time`);
    parts.push(`order: ${sweep.order}`);
  }
  return parts.join(", ");
}

/** What the live block needs besides the run. */
export interface BlockView {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Rows of the terminal. */
  readonly height: number;
}

/**
 * The live block of a run: its head, a line for each target as far as the terminal is high enough, and the sum. What runs or failed
 * is shown before what waits or is done; the order is the plan's.
 */
export function renderRunBlock(state: RunState, view: BlockView, look: Look): string[] {
  const targets = [...state.targets.values()];
  // Head, two empty lines and the sum; one row for what is not shown, one for the cursor.
  const room = Math.max(1, Math.min(targets.length, view.height - 6));
  const shown = chooseTargets(targets, room, view.now);
  const hidden = targets.length - shown.length;
  const rows = renderTargetRows(state, shown, view.now, look);
  const more = hidden > 0 ? [renderLine([span("faint", `  ... and ${hidden} more`)], look)] : [];
  return [renderRunHead(state, look), "", ...rows, ...more, "", renderSum(state, view.now, look)];
}

/** The targets that matter most now, in the order of the plan. */
function chooseTargets(targets: readonly TargetState[], room: number, now: number): readonly TargetState[] {
  if (targets.length <= room) return targets;
  // One pass into a bucket for each weight: this is done ten times a second, with thousands of targets.
  const buckets: TargetState[][] = [[], [], [], [], []];
  for (const target of targets) {
    const bucket = buckets[weightOf(target, now)];
    if (bucket !== undefined && bucket.length < room) bucket.push(target);
  }
  const chosen = new Set(buckets.flat().slice(0, room));
  return targets.filter((target) => chosen.has(target));
}

function weightOf(target: TargetState, now: number): number {
  if (target.state === "running") return 0;
  if (target.state === "failed") return 1;
  // What has just ended is shown for a moment, so that eyes can follow.
  if (target.endedAt !== null && now - target.endedAt < 3_000) return 2;
  return target.state === "queued" ? 3 : 4;
}

function renderTargetRows(state: RunState, targets: readonly TargetState[], now: number, look: Look): string[] {
  const table = targetTable(state, targets, now, shownSteps);
  return renderTable(tableWidth(table) <= look.width ? table : targetTable(state, targets, now, 1), look);
}

function targetTable(state: RunState, targets: readonly TargetState[], now: number, atMost: number): Table {
  const keys = new Set(targets.map(({ key }) => key));
  const planned = state.plan.targets.filter(({ key }) => keys.has(key));
  const plans = new Map(planned.map((target) => [target.key, target] as const));
  const severalJobs = new Set(targets.map(({ job }) => job)).size > 1;
  const steps = targets.map((target) => stepsLine(target, now, atMost));
  const widths = alignSteps(targets, steps);
  const rows = targets.map((target, index) => [
    [labelOf(target)],
    severalJobs ? [span("faint", target.job)] : [],
    joinSteps(steps[index] ?? [], widths.get(target.job) ?? []),
    noteOf(state, target, plans.get(target.key), now),
  ]);
  return { indent: 2, columns: [{}, {}, {}, {}], rows };
}

/** The steps that a row shows, each with its name. */
function stepsLine(target: TargetState, now: number, atMost: number): Line[] {
  if (target.state === "queued" || target.state === "skipped") return [];
  const begun = target.steps.findLastIndex((step) => step.attempts.length > 0);
  const last = Math.max(begun, 0);
  const from = Math.max(0, last - atMost + 1);
  const before: Line[] = from > 0 && atMost > 1 ? [[span("faint", `${from} done`)]] : [];
  return [...before, ...target.steps.slice(from, last + 1).map((step) => namedStepCell(target, step, now))];
}

/** Widths of the steps of each job, so that the same step stands in the same column. */
function alignSteps(targets: readonly TargetState[], steps: readonly (readonly Line[])[]): Map<string, number[]> {
  const widths = new Map<string, number[]>();
  for (const [index, target] of targets.entries()) {
    const known = widths.get(target.job) ?? [];
    for (const [place, line] of (steps[index] ?? []).entries())
      known[place] = Math.max(known[place] ?? 0, lineWidth(line));
    widths.set(target.job, known);
  }
  return widths;
}

function joinSteps(steps: readonly Line[], widths: readonly number[]): Line {
  return steps.flatMap((line, place) => {
    const last = place === steps.length - 1;
    return last ? line : [...padLine(line, widths[place] ?? 0), "   "];
  });
}

/** Why a target waits, or what is odd about it. */
function noteOf(state: RunState, target: TargetState, planned: PlannedTarget | undefined, now: number): Line {
  if (target.state === "queued") return [span("faint", waitsFor(state, target, planned))];
  if (target.state === "skipped") return [span("faint", `skipped: ${target.cause.reason}`)];
  if (target.state === "cancelled") return [span("warning", `cancelled: ${target.cause.reason}`)];
  if (hasEnded(target)) return [span("faint", answerOf(target))];
  const step = target.steps.find(({ state: status }) => status === "waiting" || status === "running");
  if (step?.state === "waiting") return [span("warning", nextAttempt(state, target, step, now))];
  if (step !== undefined && step.attempts.length - step.earlierAttempts > 1) {
    return [span("warning", `attempt ${step.attempts.length - step.earlierAttempts}`)];
  }
  return [];
}

function waitsFor(state: RunState, target: TargetState, planned: PlannedTarget | undefined): string {
  const open = (planned?.after ?? [])
    .map((wait) => state.targets.get(wait.target))
    .filter((other) => other !== undefined && !hasEnded(other));
  if (open.length === 0) return target.round > 1 ? "begins again" : "waits for its turn";
  const names = [
    ...new Set(open.map((other) => (other === undefined ? "" : other.job === target.job ? labelOf(other) : other.key))),
  ];
  const more = names.length > shownWaits ? ` and ${names.length - shownWaits} more` : "";
  return `waits for ${names.slice(0, shownWaits).join(", ")}${more}`;
}

function nextAttempt(state: RunState, target: TargetState, step: StepState, now: number): string {
  const job = state.plan.workflow.jobs.find(({ id }) => id === target.job);
  const rule = job?.steps.find(({ id }) => id === step.id)?.retry ?? job?.retry;
  const next = step.attempts.length - step.earlierAttempts + 1;
  const of = rule?.attempts === undefined ? "" : ` of ${rule.attempts}`;
  const wait = step.retryAt === null ? "" : ` in ${formatSeconds(Math.max(0, step.retryAt - now) + 999)}`;
  return `attempt ${next}${of}${wait}`;
}

/** The sum of a run: `11 done  3 running  1 failed  3 waiting        00:41, about 00:35 left`. */
function renderSum(state: RunState, now: number, look: Look): string {
  const counts = countWork(state);
  const parts: readonly (readonly [number, Span])[] = [
    [counts.succeeded, span("good", `${counts.succeeded} done`)],
    [counts.running, span("active", `${counts.running} running`)],
    [counts.failed, span("bad", `${counts.failed} failed`)],
    [counts.skipped, span("faint", `${counts.skipped} skipped`)],
    [counts.cancelled, span("warning", `${counts.cancelled} cancelled`)],
    [counts.queued, span("faint", `${counts.queued} waiting`)],
  ];
  const sums = parts.filter(([n]) => n > 0).flatMap(([, text], index): Span[] => (index === 0 ? [text] : ["  ", text]));
  const ending = state.state === "cancelling" ? [span("warning", "cancelling  ")] : [];
  const left = state.state === "running" ? estimateLeft(state, now) : undefined;
  const clock = `${formatClock(now - (state.startedAt ?? state.createdAt))}${left === undefined ? "" : `, about ${formatClock(left)} left`}`;
  const line: Line = ["  ", ...ending, ...sums];
  const spaces = Math.min(8, look.width - lineWidth(line) - clock.length);
  return renderLine([...line, " ".repeat(Math.max(2, spaces)), clock], look);
}

/** Columns that the names of a plan's targets take in the lines of `renderEndedTarget`, within reason. */
export function labelWidthOf(plan: Plan): number {
  const several = namesJobs(plan);
  return Math.min(40, Math.max(0, ...plan.targets.map((target) => (several ? target.key : labelOf(target)).length)));
}

function namesJobs(plan: Plan): boolean {
  return plan.workflow.jobs.length > 1;
}

/**
 * One line for a target that has ended, for an output that is not a terminal.
 *
 * @param labelWidth of `labelWidthOf`
 */
export function renderEndedTarget(state: RunState, target: TargetState, labelWidth: number, look: Look): string {
  const { word, meaning } = wordOf(target.state);
  const label = namesJobs(state.plan) ? target.key : labelOf(target);
  const steps = target.steps.filter((step) => step.attempts.length > 0);
  const cells = steps.flatMap((step, index): Line => [
    index === 0 ? "" : "   ",
    ...namedStepCell(target, step, target.endedAt ?? 0),
  ]);
  const reason = target.state === "succeeded" || cells.length > 0 ? [] : [target.cause.reason];
  const answer = answerOf(target);
  const isAnswered = answer !== "" && target.state === "succeeded";
  const said: Line = isAnswered ? [answer] : [...cells, ...reason, span("faint", answer === "" ? "" : `   ${answer}`)];
  return renderLine([...padLine([span(meaning, word)], 9), "  ", ...padLine([label], labelWidth), "  ", ...said], look);
}
