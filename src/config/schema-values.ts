import * as z from "zod";
import { durationForms, formatDuration, parseDuration } from "../lib/duration.ts";
import { formatSize, parseSize, sizeForms } from "../lib/size.ts";
import { parseSecretSource, type SecretSource } from "./secret-source.ts";

/** What a key's reference page says besides its type and default. */
export interface KeyDocs {
  /** What the key does, in one or two sentences. */
  readonly description: string;
  /** The range that the production readiness guide recommends. */
  readonly guide?: string;
  /** What kind of text a value is, when zod's own type does not tell. */
  readonly text?: "duration" | "size" | "secret" | "path" | "selector";
}

/** Attaches documentation to a schema; the JSON Schema, the reference page and `config show` read it from there. */
export function documented<Schema extends z.ZodType>(schema: Schema, docs: KeyDocs): Schema {
  return schema.meta({ ...docs });
}

/** The documentation of a schema, wherever it is wrapped in defaults and the like. */
export function docsOf(schema: z.ZodType): KeyDocs | undefined {
  return schema.meta() as KeyDocs | undefined;
}

/** Timers of Node hold at most 2^31 - 1 ms; a longer one would ring at once. */
const longestTimer = 24 * 86_400_000;

/** A duration: text such as `15m` in, milliseconds out. Without `min`, at least 1 ms. */
export function duration({ min = 1, max = longestTimer }: { readonly min?: number; readonly max?: number } = {}) {
  const error = `a duration needs a unit: ${durationForms}`;
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error })
    .transform((text, context) => {
      const ms = parseDuration(text) ?? Number.NaN;
      if (ms >= min && ms <= max) return ms;
      const bound = ms < min ? `at least ${formatDuration(min)}` : `at most ${formatDuration(max)}`;
      context.addIssue({ code: "custom", message: `this duration must be ${bound}` });
      return z.NEVER;
    });
}

/** A size: text such as `10MiB` in, bytes out. */
export function size({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `a size needs a unit: ${sizeForms}`;
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(B|KiB|MiB|GiB)$/, { error })
    .transform((text, context) => {
      const bytes = parseSize(text) ?? Number.NaN;
      if (bytes >= min && bytes <= max) return bytes;
      const bound = bytes < min ? `at least ${formatSize(min)}` : `at most ${formatSize(max)}`;
      context.addIssue({ code: "custom", message: `this size must be ${bound}` });
      return z.NEVER;
    });
}

/** A secret: a reference such as `${env:NAME}`, or plain text, which loads but is a finding. */
export function secret() {
  return z.string().transform((text, context): SecretSource => {
    const source = parseSecretSource(text);
    if (!("problem" in source)) return source;
    context.addIssue({ code: "custom", message: source.problem });
    return z.NEVER;
  });
}

/** A path as it is written; `loadConfig` makes it absolute. A reference is refused: it is for secrets only. */
export function path() {
  return z
    .string()
    .min(1)
    .regex(/^(?!\$\{)[^\0]*$/, {
      error: "references are for secrets only; set this key by its environment variable instead",
    });
}
