/** The shapes of what `production` prints besides its report, which has a schema of its own. */
import * as z from "zod";

const checkKind = z.enum(["check", "test", "benchmark"]);
const severity = z.enum(["critical", "error", "warning", "info"]);
const probe = z.enum(["static", "live"]);

/** One question of `production ... --list` and `--plan`. */
export const plannedCheck = z.strictObject({
  id: z.string(),
  title: z.string(),
  kind: checkKind,
  category: z.string(),
  severity,
  mustPass: z.boolean(),
  gates: z.array(z.string()),
  mode: probe.nullable(),
  skip: z.string().nullable(),
  expectedMs: z.number().nullable(),
  dependsOn: z.array(z.string()),
});

/** What `production explain` prints. */
export const explanationShape = {
  id: z.string(),
  title: z.string(),
  kind: checkKind,
  category: z.string(),
  group: z.string().nullable(),
  severity: z.strictObject({ production: severity, development: severity }),
  mustPass: z.boolean(),
  gates: z.array(z.string()),
  verifies: z.string(),
  static: z.string().nullable(),
  live: z.string().nullable(),
  dependsOn: z.array(z.string()),
  rollUpOf: z.array(z.string()),
  advice: z.strictObject({ text: z.string(), command: z.string().nullable(), fixable: z.boolean() }),
  docs: z.string(),
  benchmark: z
    .strictObject({
      figure: z.string(),
      unit: z.string(),
      better: z.enum(["lower", "higher"]),
      warmUp: z.number(),
      samples: z.int().min(0),
      limits: z.strictObject({ median: z.number(), p95: z.number().nullable() }).nullable(),
    })
    .nullable(),
} as const;
