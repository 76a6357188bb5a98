import type { RunListItem } from "../../app/run-view.ts";
import type { RunState, StepState } from "../../engine/state.ts";
import { formatDuration } from "../../lib/duration.ts";
import { cleanOutputLine } from "./escape-control.ts";
import { type Line, renderLine, span } from "./line.ts";
import type { Look } from "./look.ts";
import { renderRunSummary, type SummaryView } from "./run-summary.ts";
import { formatSeconds, meaningOf, wordOf } from "./run-words.ts";
import { renderTable } from "./table.ts";

/** Runs as a table, newest first. */
export function renderRunList(items: readonly RunListItem[], now: number, look: Look): string[] {
  if (items.length === 0) return ["no runs"];
  const columns = ["id", "workflow", "state", "ok", "started", "took", "reason"].map((heading) => ({
    heading,
    whole: heading === "id" || heading === "state" || heading === "ok",
  }));
  const rows = items.map((item): Line[] => [
    [item.id],
    [item.workflow],
    [span(meaningOf(item.state), item.state)],
    [`${item.counts.succeeded}/${item.counts.total}`],
    [ago(item.startedAt ?? item.createdAt, now)],
    [tookOf(item, now)],
    [span("faint", item.reason)],
  ]);
  return renderTable({ columns, rows }, look);
}

function ago(time: string, now: number): string {
  return `${formatSeconds(Math.max(0, now - Date.parse(time)))} ago`;
}

function tookOf({ startedAt, endedAt }: RunListItem, now: number): string {
  if (startedAt === null) return "";
  return endedAt === null
    ? `${formatSeconds(now - Date.parse(startedAt))} so far`
    : formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
}

/** One run: who began it and when, its inputs, every attempt that was not simply well, the matrix and the outcome. */
export function renderRun(state: RunState, item: RunListItem, view: Omit<SummaryView, "shown">, look: Look): string[] {
  const facts: readonly (readonly [string, string])[] = [
    ["revision", item.revision],
    ["by", `${item.actor}, ${item.createdAt}`],
    ["reason", item.reason],
    ...Object.entries(state.plan.inputs).map(
      ([name, value]) => ["input", `${name} = ${JSON.stringify(value)}`] as const,
    ),
  ];
  const attempts = renderAttempts(state, look);
  return [
    renderLine([span("strong", item.workflow), "  ", item.id, "  ", span(meaningOf(item.state), item.state)], look),
    ...facts.map(([word, text]) => renderLine(["  ", span("faint", word.padEnd(9)), text], look)),
    "",
    ...renderRunSummary(state, { ...view, shown: item, maxRows: Number.POSITIVE_INFINITY }, look),
    ...(attempts.length === 0 ? [] : ["", renderLine([span("strong", "attempts")], look), ...attempts]),
  ];
}

/** Steps that were tried more than once or did not succeed, with each attempt. */
function renderAttempts(state: RunState, look: Look): string[] {
  const rows = [...state.targets.values()].flatMap((target) =>
    target.steps.filter(isOdd).flatMap((step) =>
      step.attempts.map((attempt): Line[] => {
        const { word, meaning } = wordOf(attempt.state);
        const took = attempt.endedAt === null ? "" : formatDuration(attempt.endedAt - attempt.startedAt);
        const last = cleanOutputLine(attempt.lastLine ?? "");
        return [
          [target.key],
          [step.id],
          [`#${attempt.number}`],
          [span(meaning, word)],
          [took],
          [attempt.reason ?? ""],
          [span("faint", last)],
        ];
      }),
    ),
  );
  return renderTable({ indent: 2, columns: [{}, {}, {}, {}, { align: "right" }, {}, {}], rows }, look);
}

function isOdd(step: StepState): boolean {
  return step.attempts.length > 1 || step.attempts.some(({ state }) => state !== "succeeded" && state !== "running");
}
