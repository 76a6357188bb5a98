import * as z from "zod";
import { decimal, documented, duration, integer, path, scope, secret, size, text } from "./schema-values.ts";

const longestAge = 10 * 366 * 86_400_000;

const logs = z.strictObject({
  level: documented(z.enum(["trace", "debug", "info", "warn", "error"]).prefault("info"), {
    description: "The least important lines that are written.",
  }),
  format: documented(z.enum(["json", "pretty"]).prefault("json"), {
    description:
      "How `serve` writes its log to standard error: one JSON object a line, or for eyes. The files of the log are JSON always.",
  }),
});

const metrics = z.strictObject({
  enabled: documented(z.boolean().prefault(true), {
    description: "Whether `serve` counts, and answers `/metrics`. With `auth.enabled` it asks for `telemetry:read`.",
  }),
});

const traces = z.strictObject({
  otlp: documented(
    text(
      /^https?:\/\/[^\s@#/?]+(?:\/[^\s#?]*)?$/,
      "an OTLP endpoint is http: or https: and a host, such as https://otel.example.test",
    ).optional(),
    {
      description:
        "Where spans go by OTLP over HTTP; `/v1/traces` is added when there is no path. Without it nothing is recorded.",
    },
  ),
  token: documented(secret().optional(), { description: "Sent as `Authorization: Bearer`." }),
  ratio: documented(decimal(0).prefault(1), {
    description: "Which part of the runs is traced, from 0 to 1; whoever hands over a trace of its own decides itself.",
  }),
});

const smtp = z.strictObject({
  host: documented(text(/^[\w.:-]+$/, "a host is a name or an address").optional(), {
    description: "The mail server. Required.",
  }),
  port: documented(integer(1, 65_535).prefault(587), { description: "Its port." }),
  tls: documented(z.enum(["startTls", "implicit", "none"]).prefault("startTls"), {
    description:
      "`startTls` demands the change to TLS, `implicit` begins with it, `none` sends in the clear, for this machine only.",
  }),
  user: documented(text(/^\S{1,200}$/, "a user is one word").optional(), { description: "Who signs in there." }),
  password: documented(secret().optional(), { description: "With which password." }),
  from: documented(text(/^[^\s@<>]+@[^\s@<>]+$/, "an address is name@host").optional(), {
    description: "The sender. Required.",
  }),
  to: documented(z.array(text(/^[^\s@<>]+@[^\s@<>]+$/, "an address is name@host")).prefault([]), {
    description: "The receivers; at least one.",
  }),
});

const httpUrl = text(/^https?:\/\/[^\s@#/?]+(?:[/?][^\s#]*)?$/, "a url is http: or https:, without user and password");

const channel = z.strictObject({
  webhook: documented(secret().optional(), { description: "A URL that alerts are posted to, as CloudEvents." }),
  secret: documented(secret().optional(), {
    description: "Signs the messages of `webhook` as Standard Webhooks does; at least 24 bytes.",
  }),
  slack: documented(secret().optional(), { description: "The URL of a Slack incoming webhook." }),
  pagerduty: documented(secret().optional(), {
    description: "The integration key of a PagerDuty service (Events v2).",
  }),
  smtp: documented(smtp.optional(), { description: "Mail." }),
  alertmanager: documented(httpUrl.optional(), { description: "The URL of a Prometheus Alertmanager (API v2)." }),
  token: documented(secret().optional(), { description: "Sent to `alertmanager` as `Authorization: Bearer`." }),
  file: documented(path().optional(), { description: "A file that gets one line of JSON for each message." }),
  url: documented(httpUrl.optional(), {
    description: "Where `pagerduty` is, if not at https://events.pagerduty.com: its European service, or a proxy.",
  }),
  timeout: documented(duration({ max: 300_000 }).prefault("10s"), {
    description: "How long the receiver may take to answer.",
  }),
  attempts: documented(integer(1, 100).prefault(15), {
    description: "How often one message is tried in all. Waits double from 5 s to 1 h; `Retry-After` counts.",
  }),
});

/** What happens and can be alerted of; each but the ends of runs is over by itself or by its opposite. */
export const alertEvents = [
  "run.failed",
  "run.partial",
  "run.cancelled",
  "run.interrupted",
  "readiness.failed",
  "adapter.down",
  "server.degraded",
  "webhook.dead",
  "backup.failed",
  "backup.stale",
] as const;

/** What a threshold can be about; all are read from the store. */
export const alertFigures = [
  "runs.failed",
  "runs.failureRatio",
  "runs.queued",
  "runs.oldestQueued",
  "runs.longestRunning",
  "state.bytes",
  "disk.freeRatio",
] as const;

const names = (what: string) => z.array(text(/\S/, `the name of ${what} must not be empty`));

const absent = z.strictObject({
  event: documented(z.enum(["run.started", "run.succeeded", "backup.created"]).prefault("run.succeeded"), {
    description: "What has to happen.",
  }),
  for: documented(duration({ max: longestAge }).prefault("25h"), {
    description: "How long it may fail to happen before that is an alert.",
  }),
});

const when = z.strictObject({
  figure: documented(z.enum(alertFigures).prefault("runs.failureRatio"), {
    description:
      "What is watched: `runs.failed` (how many in `over`), `runs.failureRatio` (0 to 1, in `over`), `runs.queued` (how many wait), " +
      "`runs.oldestQueued` and `runs.longestRunning` (seconds), `state.bytes`, `disk.freeRatio` (0 to 1).",
  }),
  above: documented(decimal(0).optional(), { description: "It is an alert above this." }),
  below: documented(decimal(0).optional(), { description: "It is an alert below this." }),
  over: documented(duration({ min: 1_000, max: longestAge }).prefault("15m"), {
    description: "The time behind now that counts, for figures about a time.",
  }),
});

const burnRate = z.strictObject({
  slo: documented(text(/^[A-Za-z][\w-]{0,63}$/, "the name of an SLO").optional(), {
    description:
      "The name under `telemetry.slos` whose budget is watched: 14.4 times too fast over 1 h and 5 m, or 6 times over 6 h and 30 m. Required.",
  }),
});

const alert = z.strictObject({
  name: documented(
    text(/^[A-Za-z][\w-]{0,63}$/, "the name of an alert is a letter, then letters, digits, - and _, at most 64 in all"),
    { description: "What it is called; no two have the same name." },
  ),
  on: documented(z.array(z.enum(alertEvents)).prefault([]), {
    description: "It is an alert when one of these happens.",
  }),
  absent: documented(absent.optional(), { description: "It is an alert when this does not happen." }),
  when: documented(when.optional(), { description: "It is an alert while a figure is above or below a value." }),
  burnRate: documented(burnRate.optional(), { description: "It is an alert while an error budget is spent too fast." }),
  workflows: documented(names("a workflow").prefault([]), {
    description: "Only runs of these workflows; of all when empty.",
  }),
  where: documented(scope().optional(), {
    description: "Only runs that touch at least one repository that this selector picks.",
  }),
  for: documented(duration({ min: 0 }).prefault("0s"), {
    description: "How long it must hold before anybody is told.",
  }),
  severity: documented(z.enum(["critical", "error", "warning", "info"]).prefault("error"), {
    description: "How bad it is; receivers that know severities are told.",
  }),
  groupWait: documented(duration({ min: 0, max: 3_600_000 }).prefault("0s"), {
    description: "How long is waited for more of the same before they are told together.",
  }),
  repeat: documented(duration({ min: 60_000, max: longestAge }).prefault("4h"), {
    description: "How often one that goes on is told of again.",
  }),
  runbook: documented(httpUrl.optional(), {
    description: "A page that says what to do; without it, the one of docs/operations.md is named.",
  }),
  notify: documented(names("a channel").prefault([]), {
    description: "Names under `telemetry.channels`; at least one.",
  }),
});

const objective = documented(decimal(0).prefault(99), {
  description: "Which part has to be good, in per cent; above 0 and below 100.",
});

const slo = z.strictObject({
  description: documented(text(/\S/, "a description must not be empty").optional(), {
    description: "What is promised to whom.",
  }),
  workflows: documented(names("a workflow").prefault([]), {
    description: "Only runs of these workflows; of all when empty.",
  }),
  availability: documented(z.strictObject({ objective }).optional(), {
    description: "The part of the runs that succeed; cancelled runs do not count.",
  }),
  latency: documented(
    z
      .strictObject({
        objective,
        within: documented(duration({ max: longestAge }).prefault("15m"), {
          description: "How long a run may take, from when it was asked for to its end.",
        }),
      })
      .optional(),
    { description: "The part of the runs that end in time; cancelled runs do not count." },
  ),
  window: documented(duration({ min: 3_600_000, max: 400 * 86_400_000 }).prefault("30d"), {
    description: "The time behind now that the objective holds for.",
  }),
});

const named = (what: string) =>
  text(/^[A-Za-z][\w-]{0,63}$/, `the name of ${what} is a letter, then letters, digits, - and _, at most 64 in all`);

/** `telemetry`: what is seen and told. What must be there together is asked of all layers; see `check-telemetry.ts`. */
export const telemetry = z.strictObject({
  logs: documented(logs.prefault({}), { description: "What this installation writes about itself." }),
  metrics: documented(metrics.prefault({}), { description: "What it counts." }),
  traces: documented(traces.prefault({}), { description: "Where the time goes." }),
  channels: documented(z.record(named("a channel"), channel).prefault({}), {
    description:
      "Where alerts are sent, by name; each has one of `webhook`, `slack`, `pagerduty`, `smtp`, `alertmanager` and `file`.",
  }),
  alerts: documented(z.array(alert).prefault([]), {
    description: "What is told to whom; each has one of `on`, `absent`, `when` and `burnRate`.",
  }),
  slos: documented(z.record(named("an SLO"), slo).prefault({}), {
    description: "What is promised, by name; each has one of `availability` and `latency`.",
  }),
});

/** `backup`: copies of the state. */
export const backup = z.strictObject({
  folder: documented(path().prefault("./.mahavishnu/backups"), {
    description: "Where backups are kept. Another disk is better than the default.",
  }),
  every: documented(duration({ min: 60_000 }).optional(), {
    description: "How often `serve` makes one; without it, none but by command.",
  }),
  keep: documented(
    z
      .strictObject({
        daily: documented(integer(0).prefault(7), { description: "The newest of each of so many days." }),
        weekly: documented(integer(0).prefault(4), { description: "The newest of each of so many weeks." }),
        monthly: documented(integer(0).prefault(12), { description: "The newest of each of so many months." }),
      })
      .prefault({}),
    { description: "Which backups are kept; the newest good one always is." },
  ),
  key: documented(secret().optional(), {
    description:
      "Encrypts backups (AES-256-GCM) and lets secrets of the state folder be in them. At least 32 characters; without it they are left out.",
  }),
  maxAge: documented(duration({ max: longestAge }).prefault("24h"), {
    description: "The age of the last good backup at which `backup.stale` is an alert.",
  }),
});

const kept = (age: string) =>
  z
    .strictObject({
      age: documented(duration({ min: 0, max: longestAge }).prefault(age), {
        description: "Older ones are purged.",
      }),
      count: documented(integer(0).prefault(100_000), { description: "Of more, the oldest are purged." }),
    })
    .prefault({});

/** `retention`: what is forgotten, and when. */
export const retention = z.strictObject({
  every: documented(duration({ min: 60_000 }).optional(), {
    description: "How often `serve` purges, as a run of its own; without it, nothing is purged but by `runs purge`.",
  }),
  runs: documented(
    z
      .strictObject({
        succeeded: documented(kept("90d"), { description: "Runs that succeeded." }),
        partial: documented(kept("180d"), { description: "Runs that succeeded in part." }),
        failed: documented(kept("180d"), { description: "Runs that failed." }),
        cancelled: documented(kept("90d"), { description: "Runs that were cancelled." }),
      })
      .prefault({}),
    { description: "Runs that are over, with their history and all their files, by how they ended." },
  ),
  output: documented(kept("90d"), {
    description: "What steps have written and left (logs, artefacts) of runs that are over; their history stays.",
  }),
  log: documented(
    z
      .strictObject({
        age: documented(duration({ min: 0, max: longestAge }).prefault("30d"), {
          description: "Older files of the service's log are purged.",
        }),
        bytes: documented(size({ min: 1024 ** 2, max: 1024 ** 4 }).prefault("1GiB"), {
          description: "Of more, the oldest files are purged.",
        }),
      })
      .prefault({}),
    { description: "The service's own log." },
  ),
  audit: documented(
    z
      .strictObject({
        age: documented(duration({ max: longestAge }).optional(), {
          description: "Older entries are purged, once they are exported; without it, all are kept.",
        }),
      })
      .prefault({}),
    { description: "The audit trail. What is left can still be verified." },
  ),
});
