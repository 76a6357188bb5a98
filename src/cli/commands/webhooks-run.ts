import { listWebhookDeliveries, listWebhooks, redeliverWebhook, testWebhook } from "../../app/use-cases/webhooks.ts";
import type { DeliveryItem, WebhookItem } from "../../app/webhook-view.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { OneDeliveryOptions, OneWebhookOptions, WebhookDeliveriesFlags } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu webhooks list`. */
export async function runWebhooksList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { items } = await door.perform(listWebhooks, {});
  if (options.format === "json") writeJson(io.stdout, { items, nextCursor: null });
  else if (options.format === "ndjson") writeNdjson(io.stdout, items);
  else if (items.length === 0) writeLines(io.stdout, ["no webhooks"]);
  else {
    const columns = ["webhook", "direction", "state", "what"].map((heading, index) => ({ heading, whole: index < 3 }));
    writeLines(io.stdout, renderTable({ columns, rows: items.map(toRow) }, io.stdout));
  }
  return exitCodes.success;
}

function toRow(item: WebhookItem): Line[] {
  const { name, direction, enabled, workflow, subject, scheme, origin, on, workflows, where } = item;
  const what =
    direction === "incoming"
      ? `starts ${workflow ?? ""} as ${subject ?? ""} (${scheme})`
      : [
          `${on.join(", ")} to ${origin ?? ""}`,
          ...(workflows.length === 0 ? [] : [`of ${workflows.join(", ")}`]),
          ...(where === null ? [] : [`where ${where}`]),
        ].join(", ");
  return [[name], [direction], [span(enabled ? "good" : "faint", enabled ? "on" : "off")], [what]];
}

/** Deliveries listed when `--limit` is left out. */
const defaultLimit = 20;

/** `mahavishnu webhooks deliveries`. */
export async function runWebhookDeliveries(
  options: WebhookDeliveriesFlags & GlobalOptions,
  io: CommandIo,
): Promise<number> {
  await using door = await openDoor(options, io);
  const { webhook, state, limit = defaultLimit, cursor } = options;
  const page = await door.perform(listWebhookDeliveries, {
    limit,
    ...(webhook === undefined ? {} : { webhook }),
    ...(state === undefined ? {} : { state }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (options.format === "json") writeJson(io.stdout, page);
  else if (options.format === "ndjson") writeNdjson(io.stdout, page.items);
  else if (page.items.length === 0) writeLines(io.stdout, ["no deliveries"]);
  else {
    const headings = ["delivery", "webhook", "state", "attempts", "type", "run", "created", "last answer"];
    const columns = headings.map((heading) => ({ heading, whole: heading === "delivery" || heading === "state" }));
    writeLines(io.stdout, renderTable({ columns, rows: page.items.map(toDeliveryRow) }, io.stdout));
    if (page.nextCursor !== null) writeLines(io.stderr, [`more: --cursor ${page.nextCursor}`]);
  }
  return exitCodes.success;
}

const roles = { delivered: "good", pending: "faint", dead: "bad" } as const;

function toDeliveryRow(item: DeliveryItem): Line[] {
  const { id, webhook, state, attempts, type, runId, createdAt, status, error } = item;
  return [
    [id],
    [webhook],
    [span(roles[state], state)],
    [String(attempts)],
    [type.replace(/^dev\.mahavishnu\./, "")],
    [runId ?? ""],
    [`${createdAt.slice(0, 10)} ${createdAt.slice(11, 19)}Z`],
    [span("faint", error ?? (status === null ? "" : String(status)))],
  ];
}

/** `mahavishnu webhooks redeliver`. */
export async function runWebhookRedeliver(options: OneDeliveryOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const item = await door.perform(redeliverWebhook, { id: options.id });
  if (options.format === "json") writeJson(io.stdout, item);
  else writeLines(io.stdout, [`${item.id} waits to be sent to ${item.webhook} by a server of the workspace`]);
  return exitCodes.success;
}

/** `mahavishnu webhooks test`. */
export async function runWebhookTest(options: OneWebhookOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const item = await door.perform(testWebhook, { name: options.name });
  const isTaken = item.state === "delivered";
  if (options.format === "json") writeJson(io.stdout, item);
  else {
    const line: Line = isTaken
      ? [span("good", "taken"), `  ${item.webhook} answered ${item.status ?? ""}`]
      : [span("bad", "not taken"), `  ${item.webhook}: ${item.error ?? "no reason is known"}`];
    writeLines(io.stdout, [renderLine(line, io.stdout)]);
  }
  return isTaken ? exitCodes.success : exitCodes.failure;
}
