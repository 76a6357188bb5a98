import type { Alert, Channel } from "../alert.ts";
import { clip, oneLine } from "./alert-texts.ts";
import { type HttpChannelOptions, makeHttpChannel } from "./http-channel.ts";

/** Limits of Events v2 (https://developer.pagerduty.com/docs/send-alert-event); the whole event may have 512 KB. */
const longestSummary = 1_024;
const longestKey = 255;
const longestDetail = 32_000;

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
      source: labels["workspace"] ?? "mahavishnu",
      severity,
      timestamp: new Date(startedAt).toISOString(),
      component: labels["workflow"] ?? labels["part"] ?? "mahavishnu",
      group: rule,
      class: rule,
      custom_details: { description: clip(description, longestDetail), run: runId, value, ...labels },
    },
  };
}
