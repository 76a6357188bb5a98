/** Shapes of what is told about objectives. No command loads them. */
import * as z from "zod";

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const rate = z.number().min(0).nullable();

export const objective = z.strictObject({
  name: z.string(),
  kind: z.enum(["availability", "latency"]),
  description: z.string().nullable(),
  objective: z.number(),
  withinMs: count.nullable(),
  workflows: z.array(z.string()),
  windowMs: count,
  state: z.enum(["unknown", "ok", "burning", "exhausted"]),
  good: count,
  total: count,
  ratio: z.number().nullable(),
  budgetLeft: z.number().nullable(),
  burnRates: z.strictObject({ "5m": rate, "30m": rate, "1h": rate, "6h": rate, "3d": rate }),
  burn: z.enum(["unknown", "ok", "burning"]),
  burnRate: rate,
  note: z.string().nullable(),
});

export const objectiveList = z.strictObject({ items: z.array(objective) });
export const listObjectivesInput = z.strictObject({});
