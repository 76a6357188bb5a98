/** Shapes of what is asked and told about runs. No command loads them: see `src/cli/json-schemas.ts` and `src/server`. */
import * as z from "zod";
import { runStates } from "../../selectors/run-terms.ts";
import { logCursorForm, longestLogCursor } from "../log-cursor.ts";

/** ISO 8601 in UTC. */
export const time = z.iso.datetime();
/** A number of things. */
export const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const json = z.json();
const texts = z.record(z.string(), z.string());

/** A run's id, or its beginning while that is unique. */
export const runId = z.string().regex(/^[a-z0-9]{1,10}$/);
/** A name as the manifest, a workflow or a step has it. */
export const name = z.string().min(1).max(200);
/** The text of a selector. */
export const selector = z.string().min(1).max(4096);
/** How much of a run's output somebody has had: the `cursor` of the last piece. */
export const logCursor = z.string().max(longestLogCursor).regex(logCursorForm);
/** A run's own sequence number as the id of an event; `0` before the first. */
export const runSeqText = z.string().regex(/^\d{1,15}$/);
const idempotencyKey = z.string().min(1).max(200);

export const runState = z.enum(runStates);

const runCounts = z.strictObject({
  total: count,
  queued: count,
  running: count,
  succeeded: count,
  failed: count,
  cancelled: count,
  skipped: count,
});

export const runItem = z.strictObject({
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

export const run = runItem.extend({
  shortId: z.string(),
  hidden: count,
  /** As W3C Trace Context has it. */
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  targets: z.array(target),
});

export const runPage = z.strictObject({
  items: z.array(runItem).describe("May be fewer than limit, even none, and go on all the same"),
  nextCursor: z.string().nullable().describe("The cursor of the next page; null when there are no more"),
});

export const event = z.strictObject({
  seq: z.int().min(1),
  runSeq: z.int().min(1),
  runId: z.string(),
  type: z.string(),
  v: z.int().min(1),
  time,
  actor: z.string(),
  reason: z.string(),
  data: json,
});

export const eventPage = z.strictObject({ items: z.array(event), nextCursor: z.string().nullable() });

export const logPiece = z.strictObject({
  runId: z.string(),
  job: z.string(),
  repository: z.string().nullable(),
  step: z.string(),
  attempt: z.int().min(1),
  offset: count,
  text: z.string(),
  cursor: z.string(),
});

export const logPage = z.strictObject({ items: z.array(logPiece), nextCursor: z.string().nullable() });

/** What a start, a cancel and the like answer: where the run is to be followed. */
export const actedRun = z.strictObject({ runId: z.string() });
export const startedRun = z.strictObject({ runId: z.string(), created: z.boolean(), servers: count.nullable() });
export const interruptedRuns = z.strictObject({ items: z.array(z.string()) });

export const listRunsInput = z.strictObject({
  states: z.array(runState).max(20).optional(),
  workflow: name.optional(),
  filter: selector
    .describe("Only runs that this filter picks, such as state:failed && repo:gateway; see docs/reference/selectors.md")
    .optional(),
  limit: z.int().min(1).max(1000).default(20),
  cursor: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .optional(),
});

export const oneRunInput = z.strictObject({ id: runId });
export const readRunEventsInput = oneRunInput.extend({
  afterRunSeq: count.optional(),
  limit: z.int().min(1).max(10_000).default(1000),
});
export const readRunLogsInput = oneRunInput.extend({
  repository: name.optional(),
  job: name.optional(),
  step: name.optional(),
  attempt: z.int().min(1).max(1_000_000).optional(),
  cursor: logCursor.optional(),
});
export const cancelRunInput = oneRunInput.extend({
  reason: z.string().min(1).max(1000).default("cancelled by hand"),
  atOnce: z.boolean().default(false),
});
export const retryRunInput = oneRunInput.extend({
  repositories: z.array(name).min(1).max(10_000).optional(),
  fromStep: name.optional(),
});

/** Names of inputs are the workflow's to judge; but one that would change a prototype is no key of any JSON that is read here. */
const inputName = z
  .string()
  .max(200)
  .regex(/^(?!__proto__$)/);
const wishes = {
  select: selector.optional(),
  maxParallel: z.int().min(1).max(1_000_000).optional(),
};
export const planRunInput = z.strictObject({
  workflow: name,
  inputs: z.record(inputName, z.string().max(1_048_576)).default({}),
  ...wishes,
});
const startChoice = { idempotencyKey: idempotencyKey.optional(), detach: z.boolean().optional() };
export const startRunInput = planRunInput.extend(startChoice);
export const execInput = z.strictObject({
  command: z.array(z.string().max(131_072)).min(1).max(10_000),
  timeoutMs: z.int().min(1).max(2_147_483_647).optional(),
  ...startChoice,
  ...wishes,
});
