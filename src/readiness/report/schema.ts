import * as z from "zod";
import type { SuiteEvent } from "../run-stages.ts";
import type { Report } from "./report.ts";

const count = z.int().min(0);
const code = z.int().min(0).max(255);
const text = z.string();
const maybeText = text.nullable();
const figure = z.number().nullable();

const status = z.enum([
  "pass",
  "warn",
  "fail",
  "error",
  "timeout",
  "skipped",
  "notApplicable",
  "blocked",
  "waived",
  "inconclusive",
  "notRun",
]);
const gateName = z.enum(["preflight", "config", "readiness", "security", "integration", "benchmarks"]);
const group = z.enum([
  "basicWorkflow",
  "rbac",
  "state",
  "observability",
  "crossComponent",
  "workflowSpeed",
  "concurrency",
  "repositories",
  "throughput",
]);

const Gate = z.strictObject({
  name: gateName,
  status: z.enum(["pass", "fail", "notEvaluated"]),
  code: z.literal([0, 1, 2]).describe("What it contributes to the verdict."),
  required: count.describe("Required results that count: passed and failed."),
  passed: count,
  failed: count,
  waived: count,
  unverified: count.describe("Required results without an answer: skipped, blocked or inconclusive."),
  warnings: count,
  flaky: count,
  percent: figure.describe("Rounded down to one decimal."),
  reasons: z.array(text),
});

const TargetSchema = z.strictObject({ kind: z.enum(["repository", "adapter", "file"]), name: text });
const kind = z.enum(["check", "test", "benchmark"]);

const ResultSchema = z.strictObject({
  id: text.describe("Stable, never reused."),
  title: text,
  kind,
  category: z.enum([
    "configuration",
    "adapters",
    "repositories",
    "workflow",
    "limits",
    "security",
    "integrationTests",
    "benchmarks",
  ]),
  group: group.nullable(),
  gates: z.array(gateName).describe("The gates of this command that count it."),
  security: z.boolean(),
  severity: z.enum(["critical", "error", "warning", "info"]),
  mustPass: z.boolean(),
  status,
  flaky: z.boolean().describe("A pass that needed a second attempt."),
  reason: text.min(1),
  expected: maybeText,
  observed: maybeText,
  evidence: z.array(z.strictObject({ kind: text, text })),
  remediation: z.strictObject({ text, command: maybeText, docs: text, fixable: z.boolean() }).nullable(),
  target: TargetSchema.nullable(),
  probe: z
    .enum(["static", "live"])
    .nullable()
    .describe("Which probe gave the answer: reading and reasoning, or an act."),
  startedAt: z.iso.datetime().nullable(),
  durationMs: z.number().min(0),
  attempts: count,
  dependsOn: z.array(text),
  blockedBy: z.array(text).describe("Root causes that kept it from being asked."),
  rollUpOf: z.array(text),
  owner: text,
  waiver: z
    .strictObject({ reason: text, owner: text, expires: text, ticket: maybeText, status })
    .nullable()
    .describe("The status is the one that the result would have without the waiver."),
});

const MeasurementSchema = z.strictObject({
  id: text,
  group,
  figure: text,
  unit: text,
  better: z.enum(["lower", "higher"]),
  samples: z.array(z.number()),
  warmUp: count,
  median: figure,
  low: figure,
  high: figure,
  p95: figure,
  min: figure,
  mad: figure,
  outliers: count,
  limits: z.strictObject({ median: z.number(), p95: figure }),
});

const WaiverSchema = z.strictObject({
  id: text,
  target: maybeText,
  reason: text,
  owner: text,
  expires: text,
  ticket: maybeText,
  place: text,
  state: z.enum(["applied", "unneeded", "stale", "notPlanned", "expired", "malformed", "refused", "ignored"]),
  note: maybeText,
  applied: z.array(text),
});

const CalibrationSchema = z.strictObject({ medianMs: z.number(), variation: z.number() });

const MachineSchema = z.strictObject({
  os: text,
  arch: text,
  node: text,
  cpu: text,
  cores: count,
  memoryBytes: count,
  load: figure,
  calibration: z
    .strictObject({ cpu: CalibrationSchema, fsync: CalibrationSchema, spawn: CalibrationSchema })
    .nullable(),
  unfit: z.array(text),
});

/** The readiness report, as `-o json` prints it. Published as schemas/report.v1.json. */
export const ReportSchema: z.ZodType<Report> = z
  .strictObject({
    schemaVersion: z.literal(1),
    tool: z.strictObject({ name: z.literal("mahavishnu"), version: text }),
    command: z.enum(["check-config", "run-integration-tests", "run-benchmarks", "run-all-tests"]),
    profile: z.enum(["development", "production"]),
    startedAt: z.iso.datetime(),
    durationMs: z.number().min(0),
    workspace: z.strictObject({ name: text, configDigest: maybeText, commit: maybeText }),
    verdict: z.enum(["ready", "usable", "notReady"]),
    exitCode: code,
    verdictCode: code.describe("The exit code that --exit-zero covers."),
    strict: z.boolean(),
    reasons: z.array(text),
    gates: z.array(Gate),
    results: z.array(ResultSchema),
    benchmarks: z.array(MeasurementSchema),
    waivers: z.array(WaiverSchema),
    findings: z.array(z.strictObject({ level: z.enum(["failure", "reservation", "concern", "note"]), text })),
    selection: z.strictObject({ only: z.array(text), skip: z.array(text), leftOut: z.array(text) }),
    machine: MachineSchema,
  })
  .meta({
    title: "Mahavishnu readiness report",
    description: "What one `mahavishnu production` command asked, every answer, and the verdict.",
  });

/** One line of `-o ndjson`: an event as it happens, the report as the last one. */
export type SuiteLine = SuiteEvent | { readonly type: "report"; readonly report: Report };

const eventShapes = [
  z.strictObject({
    type: z.literal("waiting"),
    holder: text.describe("Who runs a suite on this workspace already."),
  }),
  z.strictObject({ type: z.literal("stage"), stage: kind, checks: count }),
  z.strictObject({ type: z.literal("begin"), id: text, title: text, target: TargetSchema.nullable() }),
  z.strictObject({ type: z.literal("end"), result: ResultSchema.describe("Before waivers.") }),
] as const;

/** What is told while a suite runs. */
export const SuiteEventSchema: z.ZodType<SuiteEvent> = z.union(eventShapes);

/** A line of a suite with `-o ndjson`. Results are told as their probes gave them; waivers and roll-ups are in the report alone. */
export const SuiteLineSchema: z.ZodType<SuiteLine> = z
  .union([...eventShapes, z.strictObject({ type: z.literal("report"), report: ReportSchema })])
  .meta({
    title: "A line of a Mahavishnu readiness suite",
    description:
      "What `mahavishnu production` commands print with `-o ndjson`; a file named there holds the last line alone.",
  });
