import type { Alert, AlertMessage, Channel } from "../alert.ts";
import { clip, headline, oneLine } from "./alert-texts.ts";
import { type HttpChannelOptions, makeHttpChannel } from "./http-channel.ts";

/** Limits of Block Kit (https://docs.slack.dev/reference/block-kit/blocks): text of a section, and blocks of one message. */
const longestSection = 3_000;
const mostBlocks = 50;
/** Longer texts of a message are cut by Slack (https://docs.slack.dev/reference/methods/chat.postMessage). */
const longestText = 4_000;
/** Of a section, what a summary may take at most. */
const longestSummary = 600;
/** A longer address is left out: what it is about is said all the same. */
const longestLink = 800;

const colours: Readonly<Record<Alert["severity"], string>> = {
  critical: "#a30200",
  error: "#d72b3f",
  warning: "#daa038",
  info: "#439fe0",
};
const resolvedColour = "#2eb67d";

/** Posts alerts to a Slack incoming webhook: one attachment, coloured by the worst of them, a section for each. */
export function makeSlackChannel(options: HttpChannelOptions): Channel {
  return makeHttpChannel(options, (message) => [{ body: JSON.stringify(slackMessage(message)) }]);
}

function slackMessage(message: AlertMessage): object {
  const { alerts } = message;
  const shown = alerts.slice(0, alerts.length > mostBlocks ? mostBlocks - 1 : mostBlocks);
  const blocks = shown.map((alert) => section(describe(alert)));
  if (shown.length < alerts.length) blocks.push(section(`and ${alerts.length - shown.length} more`));
  return {
    // What notifications show, and clients without blocks.
    text: escapeWithin(headline(message), longestText),
    attachments: [{ color: colourOf(alerts), blocks }],
  };
}

function section(text: string): object {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function describe({ state, severity, summary, description, runId, url, runbook, startedAt, endedAt }: Alert): string {
  const facts = [
    `${state === "firing" ? severity : "resolved"} since ${new Date(endedAt ?? startedAt).toISOString()}`,
    ...(runId === null ? [] : [`run \`${escapeWithin(runId, 100)}\``]),
    ...linkTo(url, "see"),
    ...linkTo(runbook, "what to do"),
  ];
  // The facts come first, so that a long text does not push them out.
  const head = `*${escapeWithin(oneLine(summary), longestSummary)}*\n${facts.join(" · ")}\n`;
  return head + escapeWithin(description, longestSection - head.length);
}

function colourOf(alerts: readonly Alert[]): string {
  const order = Object.keys(colours) as Alert["severity"][];
  const worst = order.find((severity) =>
    alerts.some((alert) => alert.state === "firing" && alert.severity === severity),
  );
  return worst === undefined ? resolvedColour : colours[worst];
}

/** The three characters that mean something to Slack; see https://docs.slack.dev/messaging/formatting-message-text#escaping. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The same, of at most so many characters, with none of those three cut in half. */
function escapeWithin(text: string, length: number): string {
  const escaped = escapeSlack(text.toWellFormed());
  if (escaped.length <= length) return escaped;
  return clip(escaped.slice(0, length - 1).replace(/&[a-z]{0,3}$/, ""), length - 1) + "…";
}

function linkTo(url: string | null, text: string): readonly string[] {
  if (url === null) return [];
  const target = escapeSlack(oneLine(url)).replaceAll("|", "%7C");
  return target.length > longestLink ? [] : [`<${target}|${text}>`];
}
