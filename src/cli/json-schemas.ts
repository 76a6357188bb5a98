/**
 * The shapes of what commands print with `-o json` and, line by line, with `-o ndjson`. They are published as schemas/output-*.json and
 * proved against what the commands print; no command loads them.
 *
 * Documents are closed: a key that is not here is a mistake. What later versions add raises no `schemaVersion`; readers ignore
 * keys that they do not know.
 */
import * as z from "zod";
import { errorCatalogue, type ErrorCode } from "../lib/error-catalogue.ts";
import { SuiteLineSchema } from "../readiness/report/schema.ts";
import { explanationShape, plannedCheck } from "./production-schemas.ts";

/** ISO 8601 in UTC. */
const time = z.iso.datetime();
const count = z.int().min(0);
const json = z.json();
const texts = z.record(z.string(), z.string());

/** A document of its own: with its version. */
function document<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ schemaVersion: z.literal(1), ...shape });
}

/** A page of a list. */
function list<Item extends z.ZodType>(item: Item) {
  return document({ items: z.array(item), nextCursor: z.string().nullable() });
}

const diagnostic = z.strictObject({
  file: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  length: z.int().min(1),
  message: z.string(),
  hint: z.string().optional(),
  sourceLine: z.string().optional(),
});

const errorDocument = document({
  error: z.strictObject({
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    fix: z.string(),
    diagnostics: z.array(diagnostic),
  }),
});

const runState = z.enum([
  "queued",
  "running",
  "paused",
  "cancelling",
  "interrupted",
  "succeeded",
  "partial",
  "failed",
  "cancelled",
]);

const runCounts = z.strictObject({
  total: count,
  queued: count,
  running: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  skipped: count,
});

const runItem = z.strictObject({
  id: z.string(),
  workflow: z.string(),
  revision: z.string(),
  state: runState,
  reason: z.string(),
  actor: z.string(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  counts: runCounts,
});

const attempt = z.strictObject({
  number: z.int().min(1),
  state: z.enum(["running", "succeeded", "failed", "cancelled", "interrupted"]),
  reason: z.string().nullable(),
  failure: z.enum(["exit", "timeout", "infrastructure"]).nullable(),
  exitCode: z.int().nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  output: z.strictObject({ file: z.string(), bytes: count, sha256: z.string(), truncated: z.boolean() }).nullable(),
  lastLine: z.string().nullable(),
});

const step = z.strictObject({
  id: z.string(),
  state: z.enum(["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "interrupted"]),
  reason: z.string().nullable(),
  outputs: texts,
  attempts: z.array(attempt),
});

const target = z.strictObject({
  key: z.string(),
  job: z.string(),
  repository: z.string().nullable(),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled", "skipped"]),
  reason: z.string(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  round: z.int().min(1),
  outputs: texts,
  steps: z.array(step),
});

const run = runItem.extend({ targets: z.array(target) });

/** One line of `run -o ndjson`: an event as it became durable, or the whole run at its end. */
const runLine = z.union([
  z.strictObject({
    type: z.templateLiteral([z.enum(["run", "target", "step"]), ".", z.string()]),
    runId: z.string(),
    time,
    actor: z.string(),
    reason: z.string(),
    data: json,
  }),
  z.strictObject({ type: z.literal("run"), run }),
]);

const logLine = z.strictObject({
  runId: z.string(),
  job: z.string(),
  repository: z.string().nullable(),
  step: z.string(),
  attempt: z.int().min(1),
  offset: count,
  text: z.string(),
});

const plan = document({
  workflow: z.looseObject({ name: z.string(), revision: z.string(), jobs: z.array(z.looseObject({ id: z.string() })) }),
  inputs: z.record(z.string(), json),
  repositories: z.record(
    z.string(),
    z.looseObject({ name: z.string(), path: z.string(), base: z.string().nullable(), optional: z.boolean() }),
  ),
  targets: z.array(
    z.strictObject({
      key: z.string(),
      job: z.string(),
      repository: z.string().nullable(),
      after: z.array(z.strictObject({ target: z.string(), because: z.enum(["job", "repository", "turn"]) })),
      timeoutMs: count,
    }),
  ),
  runTimeoutMs: count,
});

const repository = z.strictObject({
  name: z.string(),
  path: z.string(),
  url: z.string().nullable(),
  branch: z.string().nullable(),
  role: z.string().nullable(),
  tags: z.array(z.string()),
  needs: z.array(z.string()),
  optional: z.boolean(),
  place: z.strictObject({ file: z.string(), line: z.int().min(1) }),
});

const gitFacts = z.looseObject({
  head: z.string().nullable(),
  branch: z.string().nullable(),
  upstream: z.string().nullable(),
  ahead: count,
  behind: count,
  changed: count,
});

const checkedRepository = z.strictObject({
  name: z.string(),
  path: z.string(),
  state: z.enum(["ok", "warning", "error"]),
  findings: z.array(
    z.strictObject({
      code: z.string(),
      severity: z.enum(["error", "warning", "note"]),
      message: z.string(),
      fix: z.string(),
      other: z.string().optional(),
    }),
  ),
  facts: gitFacts.nullable(),
});

const place = z.strictObject({ path: z.string(), reason: z.string() });

const origin = z.strictObject({
  layer: z.enum(["default", "file", "local", "environment", "flag"]),
  place: z.string(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  variable: z.string().optional(),
  flag: z.string().optional(),
});

const workflowFile = z.union([
  z.strictObject({
    name: z.string(),
    file: z.string(),
    valid: z.literal(true),
    description: z.string().nullable(),
    revision: z.string(),
    inputs: z.record(z.string(), z.record(z.string(), json)),
    jobs: z.array(
      z.strictObject({
        id: z.string(),
        needs: z.array(z.string()),
        sweeps: z.boolean(),
        steps: z.array(z.string()),
      }),
    ),
  }),
  z.strictObject({
    name: z.string().nullable(),
    file: z.string(),
    valid: z.literal(false),
    problems: z.array(diagnostic),
  }),
]);

const adapter = z.strictObject({
  name: z.string(),
  offers: z.array(z.enum(["engine", "actions"])),
  enabled: z.boolean(),
  version: z.string(),
  capabilities: z.strictObject({
    clustered: z.boolean(),
    takeover: z.enum(["self", "platform"]),
    stepAbort: z.boolean(),
    pause: z.boolean(),
    durability: z.enum(["power-loss", "process"]),
  }),
  actions: z.array(z.string()),
});

const adapterHealth = z.strictObject({
  name: z.string(),
  state: z.enum(["up", "down"]),
  reason: z.string(),
  layers: z.array(z.strictObject({ name: z.string(), ms: z.number() })),
  canary: z.strictObject({ nonce: z.string(), echo: z.string().nullable() }).nullable(),
});

const remark = z.strictObject({
  severity: z.enum(["error", "warning"]),
  path: z.string(),
  message: z.string(),
  fix: z.string(),
});

/** Every shape by the command that prints it; `error` is printed by all of them. `…Line` is one line of `-o ndjson`. */
export const outputSchemas = {
  error: errorDocument,
  init: document({
    folder: z.string(),
    demo: z.boolean(),
    kept: z.boolean(),
    made: z.array(z.string()),
  }),
  configShow: document({
    digest: z.string(),
    items: z.array(
      z.strictObject({
        path: z.string(),
        value: json,
        reference: z.string().nullable(),
        origin,
        hidden: z.array(origin),
      }),
    ),
    nextCursor: z.null(),
  }),
  configValidate: document({
    valid: z.boolean(),
    digest: z.string(),
    files: z.array(z.string()),
    remarks: z.array(remark),
  }),
  reposList: list(repository).extend({
    undecided: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
    hidden: count,
  }),
  reposListLine: repository,
  reposCheck: list(checkedRepository).extend({
    counts: z.strictObject({
      total: count,
      ok: count,
      warning: count,
      error: count,
      byCode: z.record(z.string(), count),
    }),
    hidden: count,
  }),
  reposCheckLine: checkedRepository,
  reposGraph: document({
    repositories: z.array(z.strictObject({ name: z.string(), role: z.string().nullable() })),
    needs: z.array(z.strictObject({ from: z.string(), to: z.string() })),
    hidden: count,
  }),
  reposScan: document({
    folder: z.string(),
    added: z.array(z.strictObject({ name: z.string(), path: z.string(), url: z.string().nullable() })),
    missing: z.array(repository),
    unusable: z.array(repository.extend({ reason: z.string() })),
    known: z.array(z.string()),
    skipped: z.array(place),
    unreadable: z.array(place),
  }),
  workflowsList: list(workflowFile),
  workflowsListLine: workflowFile,
  workflowsShow: z.looseObject({
    schemaVersion: z.literal(1),
    name: z.string(),
    revision: z.string(),
    inputs: z.record(z.string(), z.record(z.string(), json)),
    jobs: z.array(z.looseObject({ id: z.string() })),
  }),
  workflowsValidate: document({
    valid: z.boolean(),
    files: z.array(
      z.strictObject({
        file: z.string(),
        name: z.string().nullable(),
        valid: z.boolean(),
        problems: z.array(diagnostic),
      }),
    ),
  }),
  plan,
  run: document(run.shape),
  runLine,
  runsList: list(runItem),
  runsListLine: runItem,
  runsResume: z.union([document(run.shape), list(run)]),
  runsLogsLine: logLine,
  adaptersList: list(adapter),
  adaptersListLine: adapter,
  adaptersHealth: list(adapterHealth),
  adaptersHealthLine: adapterHealth,
  productionPlan: list(plannedCheck).extend({
    notAsked: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  }),
  productionPlanLine: plannedCheck,
  productionExplain: document(explanationShape),
  productionLine: SuiteLineSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** The name of a published shape. */
export type OutputName = keyof typeof outputSchemas;
