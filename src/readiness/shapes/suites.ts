/** Shapes of what is asked and told about suites that a server runs. No command loads them. */
import * as z from "zod";
import { type ErrorCode, errorCatalogue } from "../../lib/error-catalogue.ts";
import { ReportSchema, SuiteEventSchema } from "../report/schema.ts";
import { explanationShape, plannedCheck } from "./plans.ts";

const time = z.iso.datetime();
const suiteId = z.string().regex(/^[0-9a-z]{10}$/);
const command = z.enum(["check-config", "run-integration-tests", "run-benchmarks", "run-all-tests"]);
/** Ids, globs, headings and groups, separated by commas. */
const patterns = z.array(z.string().regex(/^[\w*?[\]{},. -]{1,500}$/)).max(100);
const flag = z.boolean().exactOptional();
/** Milliseconds; at most 24 days, the longest that a timer can hold. */
const duration = z.int().min(1).max(2_073_600_000);

/** What a suite is asked. */
export const suiteRequest = z.strictObject({
  command,
  profile: z.enum(["development", "production"]).exactOptional(),
  only: patterns.exactOptional(),
  skip: patterns.exactOptional(),
  all: flag,
  readOnly: flag,
  allowEmpty: flag,
  strict: flag,
  exitZero: flag,
  ignoreWaivers: flag,
  failFast: flag,
  thorough: flag,
  deadlineMs: duration.exactOptional(),
  wait: z.union([duration, z.literal(false)]).exactOptional(),
  shuffleSeed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
});

export const noInput = z.strictObject({});
export const oneSuiteInput = z.strictObject({ id: suiteId });
export const followSuiteInput = z.strictObject({ id: suiteId, after: z.int().min(0).max(1_000_000).optional() });
/** The number of an event. */
export const suiteEventId = z.string().regex(/^\d{1,7}$/);
export const explainCheckInput = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9]{1,20}$/) });

export const suiteItem = z.strictObject({
  id: suiteId,
  command,
  state: z.enum(["waiting", "running", "ended", "failed", "interrupted"]),
  startedBy: z.string(),
  startedAt: time,
  verdict: z.enum(["ready", "usable", "notReady"]).nullable(),
  exitCode: z.int().min(0).max(255).nullable(),
});
export const suiteList = z.strictObject({ items: z.array(suiteItem) });

export const suite = suiteItem.extend({
  report: ReportSchema.nullable(),
  error: z
    .strictObject({
      code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
      message: z.string(),
      fix: z.string(),
    })
    .nullable(),
});

export const suiteEvent = SuiteEventSchema;

export const suitePlan = z.strictObject({
  items: z.array(plannedCheck),
  nextCursor: z.null(),
  notAsked: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
});
export const explanation = z.strictObject(explanationShape);
