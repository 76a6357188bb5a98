import type { Alert, Channel } from "../alert.ts";
import { type HttpChannelOptions, makeHttpChannel } from "./http-channel.ts";

/** What is sent no sooner than that is late. */
const spareMs = 5 * 60_000;

/**
 * Sends alerts to a Prometheus Alertmanager (API v2, `POST /api/v2/alerts`), which groups, silences and routes them. One that goes on is told with an
 * end two repetitions ahead: should nobody repeat it, it ends by itself.
 *
 * @param repeatMsOf how often a rule's alerts are repeated
 */
export function makeAlertmanagerChannel(
  options: HttpChannelOptions,
  { token, repeatMsOf }: { readonly token: string | undefined; readonly repeatMsOf: (rule: string) => number },
): Channel {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return makeHttpChannel(options, ({ alerts, time }) => [
    {
      headers,
      body: JSON.stringify(alerts.map((alert) => toPosted(alert, time + 2 * repeatMsOf(alert.rule) + spareMs))),
    },
  ]);
}

function toPosted(alert: Alert, lastsUntil: number): object {
  const { rule, severity, fingerprint, labels, summary, description, runbook, startedAt, endedAt, url, value } = alert;
  const named = Object.entries(labels).map(([name, text]) => [labelName(name), text.toWellFormed()] as const);
  return {
    // Two alerts with the same labels are one for Alertmanager.
    labels: { ...Object.fromEntries(named), alertname: rule, severity, fingerprint },
    annotations: {
      summary: summary.toWellFormed(),
      description: description.toWellFormed(),
      ...(runbook === null ? {} : { runbook_url: runbook }),
      ...(value === null ? {} : { value: String(value) }),
    },
    startsAt: new Date(startedAt).toISOString(),
    endsAt: new Date(endedAt ?? lastsUntil).toISOString(),
    ...(url === null ? {} : { generatorURL: url }),
  };
}

/** The names that Prometheus allows. */
function labelName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^\d/.test(plain) ? `_${plain}` : plain;
}
