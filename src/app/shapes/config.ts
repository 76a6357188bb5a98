/** Shapes of what is told about the configuration. No command loads them: see `src/cli/json-schemas.ts`. */
import * as z from "zod";
import { count, diagnostic } from "./texts.ts";

const origin = z.strictObject({
  layer: z.enum(["default", "file", "local", "environment", "flag"]),
  place: z.string(),
  file: z.string().exactOptional(),
  line: z.int().exactOptional(),
  column: z.int().exactOptional(),
  variable: z.string().exactOptional(),
  flag: z.string().exactOptional(),
});

export const configDocument = z.strictObject({
  digest: z.string(),
  file: z.string(),
  items: z.array(
    z.strictObject({
      path: z.string(),
      value: z.json(),
      reference: z.string().nullable(),
      origin,
      hidden: z.array(origin),
    }),
  ),
  nextCursor: z.null(),
});

export const configRemark = z.strictObject({
  severity: z.enum(["error", "warning"]),
  path: z.string(),
  message: z.string(),
  fix: z.string(),
  diagnostic: diagnostic.nullable(),
});

export const configValidation = z.strictObject({
  valid: z.boolean(),
  digest: z.string(),
  file: z.string(),
  files: z.array(z.string()),
  remarks: z.array(configRemark),
  counts: z.strictObject({ set: count, defaults: count }),
});

export const readConfigInput = z.strictObject({});
export const validateConfigInput = z.strictObject({});
