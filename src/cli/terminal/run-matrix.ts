import { finallyKey } from "../../engine/plan.ts";
import type { RunState, TargetState } from "../../engine/state.ts";
import { type Line, lineWidth, renderLine, span } from "./line.ts";
import type { Look } from "./look.ts";
import { answerOf, labelOf, stepCell, wordOf } from "./run-words.ts";
import { type Column, renderTable, type Table } from "./table.ts";

/** Columns below which a matrix says less than one cell with the sum of the steps. */
const leastCell = 6;

/** The matrix of each job: a row for each target, a column for each step. Jobs are told apart by a line with their name. */
export function renderMatrices(state: RunState, now: number, maxRows: number, look: Look): string[] {
  // The end that went well says nothing about any repository.
  const shown = [...state.targets.values()].filter(({ key, state: at }) => key !== finallyKey || at !== "succeeded");
  const jobs = Map.groupBy(shown, ({ job }) => job);
  return [...jobs].flatMap(([job, targets], index) => {
    const heading = jobs.size > 1 ? [...(index > 0 ? [""] : []), renderLine([span("strong", job)], look)] : [];
    return [...heading, ...renderMatrix(targets, now, maxRows, look)];
  });
}

function renderMatrix(targets: readonly TargetState[], now: number, maxRows: number, look: Look): string[] {
  const rows = chooseRows(targets, maxRows);
  const hidden = targets.length - rows.length;
  const full = rows.every(({ steps }) => steps.length === 1) ? answers(rows, now) : fullMatrix(rows, now);
  const table = fits(full, look) ? full : shortMatrix(rows, now);
  const more = hidden > 0 ? [renderLine([span("faint", `  ... and ${hidden} more, all ok`)], look)] : [];
  return [...renderTable(table, look), ...more];
}

/** All rows, or, of too many, those that are not simply well and as many others as there is room for. */
function chooseRows(targets: readonly TargetState[], maxRows: number): readonly TargetState[] {
  if (targets.length <= maxRows) return targets;
  let room = maxRows - targets.filter(({ state }) => state !== "succeeded").length;
  return targets.filter(({ state }) => state !== "succeeded" || (room -= 1) >= 0);
}

function fullMatrix(targets: readonly TargetState[], now: number): Table {
  const steps = targets[0]?.steps ?? [];
  const columns: Column[] = [{}, ...steps.map(({ id }) => ({ heading: id })), {}];
  const rows = targets.map((target): Line[] => [
    [labelOf(target)],
    ...target.steps.map((step) => stepCell(step, now, false)),
    ownState(target),
  ]);
  return { indent: 2, columns, rows };
}

/** Of jobs with one step: how it went and what it printed last. */
function answers(targets: readonly TargetState[], now: number): Table {
  const rows = targets.map((target): Line[] => {
    const [step] = target.steps;
    const answer = target.state === "succeeded" ? answerOf(target) : "";
    return [[labelOf(target)], step === undefined ? [] : stepCell(step, now, false), [answer], ownState(target)];
  });
  return { indent: 2, columns: [{ whole: true }, { whole: true }, {}, {}], rows };
}

/** A target's state, where its steps do not say it. */
function ownState(target: TargetState): Line {
  const { word, meaning } = wordOf(target.state);
  const said = target.state === "succeeded" || target.steps.some(({ state }) => state === target.state);
  return said ? [] : [span(meaning, word)];
}

/** For narrow terminals and long jobs: how many steps are done, and the one that matters. */
function shortMatrix(targets: readonly TargetState[], now: number): Table {
  const rows = targets.map((target): Line[] => {
    const done = target.steps.filter(({ state }) => state === "succeeded").length;
    const odd = target.steps.find(({ state }) => state !== "succeeded" && state !== "pending" && state !== "skipped");
    return [
      [labelOf(target)],
      [`${done} of ${target.steps.length} ok`],
      odd === undefined ? [] : [`${odd.id} `, ...stepCell(odd, now, false)],
      ownState(target),
    ];
  });
  return { indent: 2, columns: [{}, {}, {}, {}], rows };
}

/** Whether every column of a table keeps enough room to say something. */
function fits({ columns, rows, indent = 0 }: Table, look: Look): boolean {
  const cells = columns.map(({ heading = "" }, index) => {
    const natural = Math.max(heading.length, ...rows.map((row) => lineWidth(row[index] ?? [])));
    return index === 0 ? Math.min(natural, 20) : Math.min(natural, Math.max(leastCell, heading.length));
  });
  return cells.reduce((sum, width) => sum + width + 2, indent) <= look.width;
}
