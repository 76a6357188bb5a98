import type { Alert, Channel } from "../alert.ts";
import { clip, oneLine } from "./alert-texts.ts";
import { type HttpChannelOptions, makeHttpChannel } from "./http-channel.ts";

/** Limits of Events v2 (https://developer.pagerduty.com/docs/send-alert-event); the whole event may have 512 KB. */
const longestSummary = 1_024;
const longestKey = 255;
const longestDetail = 32_000;
const longestLabel = 2_000;
const mostLabels = 64;

/**
 * Sends alerts to PagerDuty (Events API v2), one event each: `trigger` opens an incident under the alert's fingerprint, or adds to the one that is open;
 * `resolve` ends it. So an event that is sent twice is there once.
 */
export function makePagerDutyChannel(options: HttpChannelOptions, routingKey: string): Channel {
  return makeHttpChannel(options, ({ alerts }) =>
    alerts.map((alert) => ({ body: JSON.stringify(eventOf(alert, routingKey)) })),
  );
}

function eventOf(alert: Alert, routingKey: string): object {
  const { fingerprint, state, severity, summary, description, labels, startedAt, url, runbook, rule, runId, value } =
    alert;
  const head = { routing_key: routingKey, dedup_key: clip(fingerprint, longestKey) };
  if (state === "resolved") return { ...head, event_action: "resolve" };
  const links = [
    ...(url === null ? [] : [{ href: url, text: "the run" }]),
    ...(runbook === null ? [] : [{ href: runbook, text: "what to do" }]),
  ];
  return {
    ...head,
    event_action: "trigger",
    client: "mahavishnu",
    ...(url === null ? {} : { client_url: url }),
    links,
    payload: {
      summary: clip(oneLine(summary) || rule, longestSummary),
      // An event without a source is refused.
      source: clip(labels["workspace"] || "mahavishnu", longestKey),
      severity,
      timestamp: new Date(startedAt).toISOString(),
      component: clip(labels["workflow"] || labels["part"] || "mahavishnu", longestKey),
      group: rule,
      class: rule,
      custom_details: {
        description: clip(description, longestDetail),
        run: runId,
        value,
        // Under a name of their own: a label hides nothing that is said here.
        labels: clipLabels(labels),
      },
    },
  };
}

function clipLabels(labels: Alert["labels"]): Alert["labels"] {
  const few = Object.entries(labels).slice(0, mostLabels);
  return Object.fromEntries(few.map(([name, value]) => [clip(name, longestKey), clip(value, longestLabel)]));
}
