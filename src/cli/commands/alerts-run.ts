import type { RuleItem, RuleState, SilenceItem } from "../../app/alert-view.ts";
import { endSilence, listAlerts, listSilences, silenceAlert, testAlert } from "../../app/use-cases/alerts.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { AlertsSilenceOptions, AlertsTestOptions, OneSilenceOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu alerts list`. */
export async function runAlertsList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { items } = await door.perform(listAlerts, {});
  if (options.format === "json") writeJson(io.stdout, { items, nextCursor: null });
  else if (options.format === "ndjson") writeNdjson(io.stdout, items);
  else if (items.length === 0) writeLines(io.stdout, ["no alerts: telemetry.alerts has no rules"]);
  else {
    const headings = ["rule", "state", "since", "value", "what"];
    const columns = headings.map((heading, index) => ({ heading, whole: index < 3 }));
    writeLines(io.stdout, renderTable({ columns, rows: items.flatMap(toRows) }, io.stdout));
  }
  return exitCodes.success;
}

const roles = {
  ok: "good",
  pending: "warning",
  firing: "bad",
  unknown: "warning",
  silenced: "faint",
} as const satisfies Record<RuleState, string>;

/** The rule, and below it what it is about. */
function toRows(item: RuleItem): Line[][] {
  const { name, state, since, value, about, note, alerts } = item;
  const what = note === null ? about : `${about}: ${note}`;
  return [
    [[name], [span(roles[state], state)], [tellTime(since)], [tellValue(value)], [what]],
    ...alerts.map((alert): Line[] => {
      const said = alert.silencedBy === null ? alert.state : "silenced";
      const times = alert.count > 1 ? ` (${alert.count} times)` : "";
      const run = alert.runId === null ? "" : `, run ${alert.runId}`;
      const text = `${alert.summary}${times}${run}`;
      return [
        ["  ", tellLabels(alert.labels)],
        [span(roles[said], said)],
        [tellTime(alert.since)],
        [tellValue(alert.value)],
        [text],
      ];
    }),
  ];
}

function tellTime(time: string | null): string {
  return time === null ? "" : `${time.slice(0, 10)} ${time.slice(11, 19)}Z`;
}

function tellValue(value: number | null): string {
  return value === null ? "" : String(Math.round(value * 1_000) / 1_000);
}

function tellLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** `mahavishnu alerts silence`. */
export async function runAlertsSilence(options: AlertsSilenceOptions, io: CommandIo): Promise<number> {
  const { rule, for: forMs, reason, label = [] } = options;
  await using door = await openDoor(options, io);
  const labels = Object.fromEntries(label.map(({ key, value }) => [key, value]));
  const item = await door.perform(silenceAlert, { rule, forMs, reason, ...(label.length === 0 ? {} : { labels }) });
  if (options.format === "json") writeJson(io.stdout, item);
  else writeLines(io.stdout, [`${item.id}: ${tellSilenced(item)} is silent until ${tellTime(item.until)}`]);
  return exitCodes.success;
}

function tellSilenced({ rule, labels }: SilenceItem): string {
  return [rule, tellLabels(labels)].filter((text) => text !== "").join(" ");
}

/** `mahavishnu alerts silences`. */
export async function runAlertsSilences(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { items } = await door.perform(listSilences, {});
  if (options.format === "json") writeJson(io.stdout, { items, nextCursor: null });
  else if (options.format === "ndjson") writeNdjson(io.stdout, items);
  else if (items.length === 0) writeLines(io.stdout, ["nothing is silent"]);
  else {
    const columns = ["silence", "what", "until", "by", "why"].map((heading, index) => ({ heading, whole: index < 3 }));
    const rows = items.map((item): Line[] => [
      [item.id],
      [tellSilenced(item)],
      [tellTime(item.until)],
      [item.createdBy],
      [item.reason],
    ]);
    writeLines(io.stdout, renderTable({ columns, rows }, io.stdout));
  }
  return exitCodes.success;
}

/** `mahavishnu alerts unsilence`. */
export async function runAlertsUnsilence(options: OneSilenceOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const item = await door.perform(endSilence, { id: options.id });
  if (options.format === "json") writeJson(io.stdout, item);
  else writeLines(io.stdout, [`${tellSilenced(item)} is not silent any more`]);
  return exitCodes.success;
}

/** `mahavishnu alerts test`. */
export async function runAlertsTest(options: AlertsTestOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { rule, channel } = options;
  const { items } = await door.perform(testAlert, {
    ...(rule === undefined ? {} : { rule }),
    ...(channel === undefined ? {} : { channel }),
  });
  if (options.format === "json") writeJson(io.stdout, { items });
  else {
    const lines = items.map((item): Line => {
      const answered = item.status === null ? "" : ` answered ${item.status}`;
      return item.taken
        ? [span("good", "taken"), `  ${item.channel}${answered}`]
        : [span("bad", "not taken"), `  ${item.channel}: ${item.error ?? "no reason is known"}`];
    });
    writeLines(
      io.stdout,
      lines.map((line) => renderLine(line, io.stdout)),
    );
  }
  return items.every(({ taken }) => taken) ? exitCodes.success : exitCodes.failure;
}
