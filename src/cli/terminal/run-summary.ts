import { countWork } from "../../engine/outcome.ts";
import { hasEnded, isOver, type RunState, type StepState, type TargetState } from "../../engine/state.ts";
import { type Line, lineWidth, renderLine, type Span, span } from "./line.ts";
import type { Look } from "./look.ts";
import { renderMatrices } from "./run-matrix.ts";
import { formatClock, labelOf, lastLineOf, meaningOf, wordOf } from "./run-words.ts";
import { renderTable } from "./table.ts";

/** Failed and skipped targets that are told one by one; more are counted. */
const toldTargets = 20;

/** What the summary needs besides the run. */
export interface SummaryView {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The beginning of the run's id that hints use. */
  readonly shortId: string;
  /** What hints need at their end to mean the same workspace. */
  readonly where?: string;
  /** Takes the place of the run's own state and reason: `interrupted` is nowhere stored. */
  readonly shown?: { readonly state: string; readonly reason: string };
  /** Rows of a matrix; of more, those that are well are counted. */
  readonly maxRows?: number;
}

/**
 * The end of a run: the matrix of repositories and steps, the outcome, each target that did not succeed with its reason and its
 * last line of output, and the commands that help.
 */
export function renderRunSummary(state: RunState, view: SummaryView, look: Look): string[] {
  const targets = [...state.targets.values()];
  const bad = targets.filter((target) => isWorthTelling(state, target));
  return [
    ...renderMatrices(state, view.now, view.maxRows ?? 50, look),
    "",
    renderTitle(state, view, look),
    ...block(renderTold(bad, view, look)),
    ...block(renderHints(state, bad, view, look)),
  ];
}

function block(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

/** A target that its own condition skipped did what it should; of a cancelled run nobody asks why its targets were. */
function isWorthTelling(state: RunState, target: TargetState): boolean {
  if (target.state === "cancelled" && state.state === "cancelled") return false;
  return hasEnded(target) && target.state !== "succeeded" && target.skipped !== "condition";
}

/** `raise-node  k3v9q0x2mf  partial: 16 of 18 succeeded, 1 failed, 1 skipped        01:17`. */
function renderTitle(state: RunState, view: SummaryView, look: Look): string {
  const { plan } = state;
  const counts = countWork(state);
  const shown = view.shown?.state ?? state.state;
  const numbers: readonly (readonly [number, string])[] = [
    [counts.failed, "failed"],
    [counts.skipped, "skipped"],
    [counts.cancelled, "cancelled"],
    [counts.running + counts.queued, "not done"],
  ];
  const rest = numbers.filter(([n]) => n > 0).map(([n, word]) => `, ${n} ${word}`);
  const outcome = `${counts.succeeded} of ${counts.total} succeeded${rest.join("")}`;
  const began = state.startedAt ?? state.createdAt;
  const clock = formatClock((state.endedAt ?? view.now) - began);
  const left: Line = [
    span("strong", plan.workflow.name),
    "  ",
    state.id,
    "  ",
    span(meaningOf(shown), shown === "succeeded" ? "succeeded" : wordOf(shown).word),
    `: ${outcome}`,
    ...reasonOf(state, view, shown),
  ];
  const spaces = Math.min(8, look.width - lineWidth(left) - clock.length);
  return renderLine([...left, " ".repeat(Math.max(2, spaces)), clock], look);
}

/** Outcomes follow from the numbers; of other states the reason says more. */
function reasonOf(state: RunState, view: SummaryView, shown: string): Span[] {
  if (isOver(state.state) && shown !== "cancelled") return [];
  return [span("faint", ` (${view.shown?.reason ?? state.cause.reason})`)];
}

function renderTold(bad: readonly TargetState[], { shortId, where = "" }: SummaryView, look: Look): string[] {
  const order = ["failed", "cancelled", "skipped"];
  const sorted = bad.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const told = sorted.slice(0, toldTargets);
  const severalJobs = new Set(bad.map(({ job }) => job)).size > 1;
  const rows = told.map((target): Line[] => {
    const { word, meaning } = wordOf(target.state);
    const step = failedStep(target);
    return [
      [span(meaning, word)],
      [severalJobs ? target.key : labelOf(target)],
      [step?.id ?? ""],
      [step?.reason ?? target.cause.reason, quote(lastLineOf(step))],
    ];
  });
  const lines = renderTable({ indent: 2, columns: [{}, {}, {}, {}], rows }, look);
  const more = bad.length - told.length;
  return more > 0
    ? [
        ...lines,
        renderLine(["  ", span("faint", `... and ${more} more: mahavishnu runs show ${shortId}${where}`)], look),
      ]
    : lines;
}

function failedStep(target: TargetState): StepState | undefined {
  return target.state === "failed" ? target.steps.findLast(({ state }) => state === "failed") : undefined;
}

function quote(line: string): string {
  return line === "" ? "" : `   "${line}"`;
}

/** Commands are shown whole, however narrow the terminal is: they are there to be copied. */
function renderHints(
  state: RunState,
  bad: readonly TargetState[],
  { shortId, where = "" }: SummaryView,
  look: Look,
): string[] {
  const failed = bad.find((target) => failedStep(target) !== undefined && !isHidden(target));
  const step = failed === undefined ? undefined : failedStep(failed);
  const which = failed === undefined || failed.repository === null ? "" : ` --repo ${failed.repository}`;
  const hints: (readonly [string, string])[] = [];
  if (step !== undefined) hints.push(["logs", `runs logs ${shortId}${which} --step ${step.id}`]);
  if (!isOver(state.state)) hints.push(["go on", `runs resume ${shortId}`]);
  else if (bad.length > 0 || state.state === "cancelled") hints.push(["again", `runs retry ${shortId}`]);
  const whole = { ...look, width: Number.POSITIVE_INFINITY };
  return hints.map(([word, command]) =>
    renderLine(["  ", span("faint", word.padEnd(9)), `mahavishnu ${command}${where}`], whole),
  );
}

/** A target whose repository the reader may not see has a name that tells nothing (`(hidden-1)`), and no output. */
function isHidden({ repository }: TargetState): boolean {
  return repository?.startsWith("(") === true;
}
