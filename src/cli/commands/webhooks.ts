import { type Command, Option } from "commander";
import type { WebhookDeliveriesFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { parseCount, parseNonEmpty } from "../option-parsers.ts";
import type { OutputRules } from "../output-request.ts";

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };

/** Declares `webhooks list|deliveries|redeliver|test`. */
export function declareWebhooks(program: Command, shell: Shell): void {
  const head = { name: "webhooks", summary: "look at what other programs ask and are told, and try it" };
  declareGroup(program, shell, head, (group) => {
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the webhooks of the configuration, without their secrets",
      examples: [["mahavishnu webhooks list", "what starts which workflow, and who is told of what"]],
      output: listOutput,
      run: async ({ options, io }) => (await import("./webhooks-run.ts")).runWebhooksList(options, io),
    });
    declareCommand<WebhookDeliveriesFlags>(group, shell, {
      name: "deliveries",
      remote: true,
      summary: "list what was sent or is to be sent, the newest first",
      options: () => [
        new Option("--webhook <NAME>", "only to this webhook").argParser(parseNonEmpty),
        new Option("--state <STATE>", "only in this state").choices(["pending", "delivered", "dead"]),
        new Option("--limit <N>", "how many at most; 20 when left out").argParser(parseCount),
        new Option("--cursor <CURSOR>", "go on where the page before ended (its nextCursor)").argParser(parseNonEmpty),
      ],
      examples: [["mahavishnu webhooks deliveries --state dead", "what was given up"]],
      notes: "Deliveries that are over are kept for 30 days.",
      output: listOutput,
      run: async ({ options, io }) => (await import("./webhooks-run.ts")).runWebhookDeliveries(options, io),
    });
    declareCommand(group, shell, {
      name: "redeliver",
      remote: true,
      summary: "send a delivery once more, with the same id",
      arguments: [["<ID>", "id of the delivery, as `webhooks deliveries` shows it"]],
      examples: [["mahavishnu webhooks redeliver evt_3f2a…", "a server sends it, with its attempts counted anew"]],
      exitCodes: { 64: "wrong flag or argument, no such delivery, or no workspace" },
      run: async ({ args, options, io }) =>
        (await import("./webhooks-run.ts")).runWebhookRedeliver({ ...options, id: args[0] ?? "" }, io),
    });
    declareCommand(group, shell, {
      name: "test",
      remote: true,
      summary: "send a message that says nothing to an outgoing webhook, once and now",
      arguments: [["<NAME>", "name of the webhook under webhooks.outgoing"]],
      examples: [["mahavishnu webhooks test chat", "says whether it was taken"]],
      exitCodes: {
        0: "it was taken",
        1: "it was not, and why",
        64: "wrong flag or argument, no such webhook, or no workspace",
      },
      run: async ({ args, options, io }) =>
        (await import("./webhooks-run.ts")).runWebhookTest({ ...options, name: args[0] ?? "" }, io),
    });
  });
}
