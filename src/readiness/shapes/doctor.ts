/** The shape of what is found out about a machine. No command loads it. */
import * as z from "zod";

const status = z.enum(["ok", "warn", "fail"]);

export const doctorReport = z.strictObject({
  status,
  workspace: z.string().nullable(),
  items: z.array(
    z.strictObject({
      id: z.string(),
      status,
      text: z.string(),
      remedy: z.strictObject({ text: z.string().nullable(), command: z.string().nullable() }).nullable(),
      figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
      ms: z.int().min(0),
    }),
  ),
});
