import * as z from "zod";
import { durationForms, formatDuration, longestTimerMs, parseDuration } from "../lib/duration.ts";
import { foreignHome, namesForeignHome } from "../lib/home-folder.ts";
import { formatSize, parseSize, sizeForms } from "../lib/size.ts";
import { explainScope } from "./access-scope.ts";
import { parseSecretSource, type SecretSource } from "./secret-source.ts";
import type { Shape } from "./shape.ts";

/** What a key's reference page says besides its type and default. */
export interface KeyDocs {
  /** What the key does, in one or two sentences. */
  readonly description: string;
  /** The range that the production readiness guide recommends. */
  readonly guide?: string;
}

/** Attaches documentation to a schema; the JSON Schema and the reference page read it from there. */
export function documented<Schema extends z.ZodType>(schema: Schema, docs: KeyDocs): Schema {
  return schema.meta({ ...docs });
}

/** The documentation that `documented` attached. */
export function docsOf(schema: z.ZodType): KeyDocs | undefined {
  return schema.meta() as KeyDocs | undefined;
}

/** The shape of each schema made here; others are read from the schema itself. */
export const leafShapes: z.core.$ZodRegistry<Shape> = z.registry<Shape>();

/** A duration: text such as `15m` in, milliseconds out. Without `min`, at least 1 ms. */
export function duration({ min = 1, max = longestTimerMs }: { readonly min?: number; readonly max?: number } = {}) {
  const error = `a duration needs a unit: ${durationForms}`;
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error })
    .transform((given, context) => {
      const ms = parseDuration(given) ?? Number.NaN;
      if (ms >= min && ms <= max) return ms;
      const bound = ms < min ? `at least ${formatDuration(min)}` : `at most ${formatDuration(max)}`;
      context.addIssue({ code: "custom", message: `this duration must be ${bound}` });
      return z.NEVER;
    })
    .register(leafShapes, { kind: "duration", min, max });
}

/** A size: text such as `10MiB` in, bytes out. */
export function size({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `a size needs a unit: ${sizeForms}`;
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(B|KiB|MiB|GiB)$/, { error })
    .transform((given, context) => {
      const bytes = parseSize(given) ?? Number.NaN;
      if (bytes >= min && bytes <= max) return bytes;
      const bound = bytes < min ? `at least ${formatSize(min)}` : `at most ${formatSize(max)}`;
      context.addIssue({ code: "custom", message: `this size must be ${bound}` });
      return z.NEVER;
    })
    .register(leafShapes, { kind: "size", min, max });
}

/** A whole number. */
export function integer(min: number, max?: number) {
  const whole = z.int().min(min);
  if (max === undefined) return whole.register(leafShapes, { kind: "number", integer: true, min });
  return whole.max(max).register(leafShapes, { kind: "number", integer: true, min, max });
}

/** A number that may have a fraction. */
export function decimal(min: number) {
  return z.number().min(min).register(leafShapes, { kind: "number", integer: false, min });
}

/** A text of a certain form. */
export function text(pattern: RegExp, error: string | ((given: unknown) => string)) {
  return z
    .string()
    .regex(pattern, { error: typeof error === "string" ? error : (issue) => error(issue.input) })
    .register(leafShapes, { kind: "text", pattern: pattern.source });
}

/** A path as it is written; `loadConfig` makes it absolute. A reference is refused: it is for secrets only. */
export function path() {
  const pattern = /^(?!\$\{|~[^/])[^\0]+$/;
  return z
    .string()
    .regex(pattern, {
      error: ({ input }) =>
        input === ""
          ? "a path must not be empty"
          : typeof input === "string" && namesForeignHome(input)
            ? foreignHome
            : "references are for secrets only; set this key by its environment variable instead",
    })
    .register(leafShapes, { kind: "path", pattern: pattern.source });
}

/** A secret: a reference such as `${env:NAME}`, or plain text, which loads but is a finding. */
export function secret() {
  return z
    .string()
    .transform((given, context): SecretSource => {
      const source = parseSecretSource(given);
      if (!("problem" in source)) return source;
      context.addIssue({ code: "custom", message: source.problem });
      return z.NEVER;
    })
    .register(leafShapes, { kind: "secret" });
}

/** A selector of repositories that decides about access. */
export function scope() {
  return z
    .string()
    .superRefine((given, context) => {
      const message = explainScope(given);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .register(leafShapes, { kind: "scope" });
}
