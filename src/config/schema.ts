import * as z from "zod";
import { permissionNames, roleNames } from "./access-names.ts";
import { auth } from "./schema-auth.ts";
import { backup, retention, telemetry } from "./schema-telemetry.ts";
import { decimal, documented, duration, integer, path, scope, secret, size, text } from "./schema-values.ts";

const retry = z.strictObject({
  attempts: documented(integer(1).prefault(3), {
    description: "How often a failing step is tried in all, the first attempt included.",
    guide: "3 to 5",
  }),
  backoff: documented(z.enum(["exponential", "fixed"]).prefault("exponential"), {
    description: "How waits grow: `exponential` doubles each one, `fixed` repeats the first. Both are jittered.",
  }),
  first: documented(duration({ min: 0 }).prefault("1s"), {
    description: "The wait before the second attempt.",
  }),
  max: documented(duration({ min: 0 }).prefault("1m"), { description: "The longest wait." }),
});

const limits = z.strictObject({
  maxConcurrentWorkflows: documented(integer(1).prefault(10), {
    description: "Runs of one workspace that execute at the same time, over all its processes. Others queue.",
    guide: "5 to 20",
  }),
  maxConcurrentSteps: documented(integer(1).prefault(8), {
    description: "Steps of one workspace that execute at the same time, over all runs and processes.",
  }),
  retry: documented(retry.prefault({}), { description: "What happens when a step fails; jobs and steps may differ." }),
  timeout: documented(duration().prefault("15m"), {
    description: "How long one target (one job on one repository) may take, waits between attempts included.",
    guide: "300 to 1800 s",
  }),
  stepTimeout: documented(duration().optional(), {
    description: "How long one attempt of a step may take. Without it, only the target's time counts.",
  }),
  runTimeout: documented(duration().prefault("24h"), {
    description: "How long a whole run may take, from its start.",
  }),
  maxOutputBytes: documented(size({ min: 1024, max: 64 * 1024 ** 3 }).prefault("10MiB"), {
    description: "How much output of one attempt is kept; the rest is counted and dropped.",
  }),
  lease: documented(duration().prefault("10s"), {
    description: "How long a run stays with a process that gives no sign of life; then another may take it over.",
    guide: "at least 3 heartbeats",
  }),
  heartbeat: documented(duration().prefault("2s"), {
    description: "How often the process that owns a run gives a sign of life.",
  }),
  grace: documented(duration({ min: 0 }).prefault("5s"), {
    description: "How long the processes of a cancelled or overdue step have between TERM and KILL.",
  }),
});

const roleForm = /^[A-Za-z][\w-]{0,63}$/;
const roleNameRule = "the name of a role is a letter, then letters, digits, - and _, at most 64 in all";

const role = z.strictObject({
  description: documented(text(/\S/, "a description must not be empty").optional(), {
    description: "What the role is for.",
  }),
  permissions: documented(z.array(z.enum(permissionNames)).prefault([]), {
    description: "What the role may do, besides what it takes over from others.",
  }),
  extends: documented(z.array(text(roleForm, roleNameRule)).prefault([]), {
    description: "Roles, built-in or of one's own, whose permissions it has too.",
  }),
});

const binding = z.strictObject({
  subject: text(
    /^(local|user|group|service|token):\S+$/,
    "a subject is a kind and a name, such as user:dana, group:platform, service:ci or token:deploy",
  ),
  role: documented(text(roleForm, roleNameRule), {
    description: `A built-in role (${roleNames.join(", ")}) or one of \`access.roles\`.`,
  }),
  where: documented(scope().optional(), {
    description: "The repositories that the role is given for; all without it.",
  }),
});

const access = z.strictObject({
  roles: documented(z.record(text(roleForm, roleNameRule), role).prefault({}), {
    description:
      "Roles of one's own by name: `{ description, permissions, extends }`. A built-in role cannot be defined anew.",
  }),
  bindings: documented(z.array(binding).prefault([]), {
    description:
      "Who has which role: a list of `{ subject, role, where }`, where the optional `where` is a selector of repositories.",
  }),
});

const tls = z.strictObject({
  cert: documented(path().optional(), {
    description: "The certificate with its chain, as PEM; read again when it changes.",
  }),
  key: documented(path().optional(), { description: "Its private key, as PEM; read again when it changes." }),
});

const origin = text(
  /^https?:\/\/[^\s/?#@]+$/,
  "an origin is http: or https: and a host, such as https://ops.example.test",
);

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const ipv4 = String.raw`(?:${octet}\.){3}${octet}(?:/(?:[1-9]|[12]\d|3[0-2]))?`;
const ipv6 = String.raw`[\da-fA-F]{0,4}:[\da-fA-F:.]{1,41}(?:/(?:[1-9]|[1-9]\d|1[01]\d|12[0-8]))?`;

const proxy = text(
  new RegExp(`^(?:${ipv4}|${ipv6})$`),
  "a proxy is an address such as 10.0.0.5, or a network such as 10.0.0.0/24 or fd00::/64",
);

const server = z.strictObject({
  host: documented(text(/^[\w.:-]+$/, "a host is a name or an address").prefault("127.0.0.1"), {
    description: "The address that is listened at. Any but a loopback address needs `auth.enabled` and `server.tls`.",
  }),
  port: documented(integer(0, 65_535).prefault(8680), {
    description: "The port that is listened at; 0 takes a free one and says which.",
  }),
  publicUrl: documented(origin.optional(), {
    description: "The origin under which people and other programs reach the server, if it is not host and port.",
  }),
  tls: documented(tls.optional(), {
    description: "The server's own certificate. Without it, it speaks plain HTTP on loopback.",
  }),
  cors: documented(z.array(origin).prefault([]), {
    description: "Origins whose pages may call the API from a browser; none when empty.",
  }),
  trustProxy: documented(z.array(proxy).prefault([]), {
    description:
      "Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count; of all others they do not. Needs `auth.enabled`.",
  }),
  maxBody: documented(size({ min: 1024, max: 64 * 1024 ** 2 }).prefault("1MiB"), {
    description: "The largest body of a request.",
  }),
  maxConnections: documented(integer(1).prefault(2000), { description: "Connections at once; more are refused." }),
  requestsPerMinute: documented(integer(1).prefault(6000), {
    description: "How often one caller may ask; more is answered with 429 and Retry-After.",
  }),
  requestTimeout: documented(duration().prefault("30s"), {
    description: "How long a caller may take to send a request, and how long one that is idle is kept.",
  }),
  drain: documented(duration({ min: 0 }).prefault("30s"), {
    description:
      "How long requests and runs may go on when the server is stopped; then other servers take the runs over.",
  }),
});

const hookName = text(
  /^[A-Za-z][\w-]{0,63}$/,
  "the name of a webhook is a letter, then letters, digits, - and _, at most 64 in all",
);

const hookSecrets = {
  secret: documented(secret().optional(), {
    description:
      "The secret that both sides know, at least 24 bytes. `whsec_` and base64 is what it is for Standard Webhooks; anything else is taken as it is. Required.",
  }),
  previousSecret: documented(secret().optional(), {
    description: "The secret before this one, while it is being changed: both count, and both sign.",
  }),
};

const incomingHook = z.strictObject({
  enabled: documented(z.boolean().prefault(true), { description: "Whether its messages are taken." }),
  workflow: documented(
    text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "the name of a workflow is letters, digits, ., _ and -").optional(),
    {
      description:
        "The workflow that a message starts. It is started by the subject `service:webhook-NAME`, which needs a role with `runs:start` under `access.bindings`. Required.",
    },
  ),
  ...hookSecrets,
  scheme: documented(z.enum(["standard", "github"]).prefault("standard"), {
    description:
      "How messages are signed: as Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`) or as GitHub does (`X-Hub-Signature-256`, `X-GitHub-Delivery`).",
  }),
  inputs: documented(
    z
      .record(
        text(/^[A-Za-z][\w-]{0,63}$/, "the name of an input is a letter, then letters, digits, - and _"),
        z.string().min(1),
      )
      .prefault({}),
    {
      description:
        "The workflow's inputs by name: a JSON Pointer into the message's body (`/ref`), or a text that is given as it is; behind a leading `=` also one that begins with `/`. An input whose place is not there is left out.",
    },
  ),
  select: documented(text(/\S/, "a selector must not be empty").optional(), {
    description: "Narrows every sweep of the workflow to the repositories that this selector picks.",
  }),
  window: documented(duration({ min: 1_000, max: 3_600_000 }).prefault("5m"), {
    description: "How far the time stamp of a message may be from now, before and after; `github` has none.",
  }),
});

/** Names of what an outgoing webhook can be told of; `run.finished` is every end, the four after it are one each. */
export const webhookEvents = [
  "run.created",
  "run.started",
  "run.retried",
  "run.finished",
  "run.succeeded",
  "run.partial",
  "run.failed",
  "run.cancelled",
] as const;

const outgoingHook = z.strictObject({
  enabled: documented(z.boolean().prefault(true), {
    description:
      "Whether it is sent anything. What happens meanwhile is sent later, unless it is older than 7 days then.",
  }),
  url: documented(
    text(/^https?:\/\/[^\s@#/?]+(?:[/?][^\s#]*)?$/, "a url is http: or https:, without user and password").optional(),
    {
      description:
        "Where events are posted to. Link-local addresses and metadata services of clouds are refused, also behind names; redirects are not followed. Required.",
    },
  ),
  ...hookSecrets,
  on: documented(z.array(z.enum(webhookEvents)).prefault(["run.finished"]), {
    description: "What it is told of.",
  }),
  workflows: documented(z.array(text(/\S/, "the name of a workflow must not be empty")).prefault([]), {
    description: "Only runs of these workflows; of all when empty.",
  }),
  where: documented(scope().optional(), {
    description: "Only runs that touch at least one repository that this selector picks.",
  }),
  timeout: documented(duration({ max: 300_000 }).prefault("10s"), {
    description: "How long the receiver may take to answer.",
  }),
  attempts: documented(integer(1, 100).prefault(15), {
    description:
      "How often one delivery is tried in all. Waits double from 5 s to 1 h; `Retry-After` of the receiver counts.",
  }),
});

const webhooks = z.strictObject({
  incoming: documented(z.record(hookName, incomingHook).prefault({}), {
    description: "Webhooks that start workflows, by name: each is `POST /v1/webhooks/NAME`.",
  }),
  outgoing: documented(z.record(hookName, outgoingHook).prefault({}), {
    description: "Webhooks that tell others what runs do, by name.",
  }),
});

const milliseconds = (most: string, description: string) => documented(duration().prefault(most), { description });

const rate = (least: number, description: string) => documented(decimal(1).prefault(least), { description });

/** One key for each benchmark, each with a `median`. */
const thresholds = z.strictObject({
  workflowSpeed: z
    .strictObject({
      median: milliseconds("250ms", "BW1: the median time of a run of one step that does nothing."),
      p95: milliseconds("1s", "BW1: the 95th percentile of the same."),
    })
    .prefault({}),
  stepCost: z.strictObject({ median: milliseconds("25ms", "BW2: what one further step costs.") }).prefault({}),
  coldStart: z
    .strictObject({ median: milliseconds("3s", "BW4: from the start of the command to the first step.") })
    .prefault({}),
  concurrentRuns: z
    .strictObject({
      median: milliseconds("10s", "BC1: the time for five times `limits.maxConcurrentWorkflows` runs."),
    })
    .prefault({}),
  repositoryStatus: z
    .strictObject({ median: milliseconds("5s", "BR1: the git facts of 20 repositories.") })
    .prefault({}),
  manifestLoad: z
    .strictObject({ median: milliseconds("200ms", "BR4: loading a manifest of 1,000 repositories and selecting.") })
    .prefault({}),
  workflowThroughput: z.strictObject({ median: rate(300, "BT1: runs a minute, at least.") }).prefault({}),
  eventThroughput: z.strictObject({ median: rate(500, "BT2: durable events a second, at least.") }).prefault({}),
});

const readiness = z.strictObject({
  waivers: documented(path().optional(), {
    description: "The file of waivers: findings that are accepted for a time, each with a reason and an owner.",
  }),
  thresholds: documented(thresholds.prefault({}), { description: "Absolute limits of the benchmarks." }),
  gates: documented(
    z
      .strictObject({
        acceptWaivedCritical: documented(z.boolean().prefault(false), {
          description: "Whether a waived critical or security check leaves the verdict at ready instead of usable.",
        }),
      })
      .prefault({}),
    { description: "How results become the verdict." },
  ),
});

const stateUrlForm = /^sqlite:(?!:)[^\0?]+$/;

function stateUrlProblem(given: unknown): string {
  if (/^postgres(ql)?:/.test(String(given))) return "postgres is not built yet; this version keeps its state in sqlite";
  if (given === "sqlite::memory:") return "state in memory would not survive the process; name a file";
  return "the state's url is sqlite: and a path, such as sqlite:.mahavishnu/state.db";
}

/**
 * The configuration: what `mahavishnu.yaml` and the layers above it may say, and what the product reads.
 * Durations come out in milliseconds, sizes in bytes, secrets as their sources. Values are checked one by one;
 * whether they fit together (a heartbeat against its lease) is a question of the readiness suite.
 */
export const Config = z.strictObject({
  version: documented(z.literal(1), { description: "The version of this format. Every file says it." }),
  profile: documented(z.enum(["development", "production"]).prefault("production"), {
    description: "Decides how severe findings of the readiness suite are, never how a run behaves.",
  }),
  repositories: documented(path().prefault("./repos.yaml"), {
    description: "The manifest of the fleet.",
  }),
  workflows: documented(path().prefault("./workflows"), { description: "The folder of the workflows." }),
  state: documented(
    z
      .strictObject({
        url: documented(text(stateUrlForm, stateUrlProblem).prefault("sqlite:.mahavishnu/state.db"), {
          description: "The database of runs and their history: `sqlite:` and a path.",
        }),
      })
      .prefault({}),
    { description: "Where the state is kept." },
  ),
  engine: documented(z.enum(["embedded"]).prefault("embedded"), { description: "What executes runs." }),
  limits: documented(limits.prefault({}), { description: "Bounds of time, number and size." }),
  auth: documented(auth.prefault({}), { description: "Who callers are." }),
  access: documented(access.prefault({}), { description: "What callers may do." }),
  server: documented(server.prefault({}), { description: "The HTTP server of `mahavishnu serve`." }),
  webhooks: documented(webhooks.prefault({}), { description: "What other programs ask, and are told, over HTTP." }),
  secrets: documented(
    z
      .record(
        text(/^[A-Za-z]\w*$/, "the name of a secret is a letter, then letters, digits and _"),
        documented(secret(), {
          description: "A secret, given only to the steps that name it; no step inherits the variable it comes from.",
        }),
      )
      .prefault({}),
    { description: "Secrets by name." },
  ),
  steps: documented(
    z
      .strictObject({
        env: documented(z.enum(["inherit", "minimal"]).prefault("inherit"), {
          description:
            "The environment of steps: `inherit` is this process's, without MAHAVISHNU_* and without variables that " +
            "a secret reference names; `minimal` is PATH, HOME, the user, the shell, TMPDIR, TZ and the locale.",
        }),
      })
      .prefault({}),
    { description: "How steps are started." },
  ),
  paths: documented(
    z
      .strictObject({
        allowedRoots: documented(z.array(path()).prefault([]), {
          description:
            "The folders that every repository must lie under, symbolic links resolved. " +
            "When the list is empty: the root folder of the manifest.",
        }),
      })
      .prefault({}),
    { description: "Which folders may be touched." },
  ),
  telemetry: documented(telemetry.prefault({}), { description: "Logs, metrics, traces, alerts and objectives." }),
  backup: documented(backup.prefault({}), { description: "Copies of the state." }),
  retention: documented(retention.prefault({}), { description: "What is forgotten, and when." }),
  readiness: documented(readiness.prefault({}), { description: "The readiness suite." }),
});
export type Config = z.output<typeof Config>;
