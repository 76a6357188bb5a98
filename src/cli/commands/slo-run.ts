import { listObjectives } from "../../app/use-cases/slo.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { ObjectiveReading } from "../../telemetry/slo/read-objectives.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { type Line, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu slo list`. */
export async function runSloList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { items } = await door.perform(listObjectives, {});
  if (options.format === "json") writeJson(io.stdout, { items, nextCursor: null });
  else if (options.format === "ndjson") writeNdjson(io.stdout, items);
  else if (items.length === 0) writeLines(io.stdout, ["no objectives under telemetry.slos"]);
  else {
    const headings = ["slo", "state", "promised", "good", "budget left", "spent 1h", "spent 6h", "note"];
    const columns = headings.map((heading, index) => ({ heading, whole: index < 2 }));
    writeLines(io.stdout, renderTable({ columns, rows: items.map(toRow) }, io.stdout));
  }
  return exitCodes.success;
}

const styles = { ok: "good", burning: "bad", exhausted: "bad", unknown: "faint" } as const;

function toRow(item: ObjectiveReading): Line[] {
  const { name, state, objective, withinMs, windowMs, good, total, ratio, budgetLeft, burnRates, note } = item;
  const within = withinMs === null ? "succeed" : `within ${formatDuration(withinMs)}`;
  const speed = (rate: number | null): Line => [rate === null ? "" : `${rate.toFixed(1)} x`];
  return [
    [name],
    [span(styles[state], state)],
    [`${objective} % ${within}, ${formatDuration(windowMs)}`],
    [ratio === null ? "no runs" : `${good}/${total}, ${(ratio * 100).toFixed(2)} %`],
    [budgetLeft === null ? "" : `${Math.round(budgetLeft * 100) + 0} %`],
    speed(burnRates["1h"]),
    speed(burnRates["6h"]),
    [note ?? ""],
  ];
}
