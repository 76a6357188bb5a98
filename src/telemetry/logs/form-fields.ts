import { MahavishnuError } from "../../lib/errors.ts";
import type { Json } from "../../lib/json.ts";
import type { LogFields } from "../../lib/log.ts";
import { Secret } from "../../lib/secret.ts";

/** A text of a field that is longer is cut. */
const longestText = 8_192;
const deepest = 6;
const mostItems = 100;
const hidden = "***";
/** Names of fields whose values are secrets, however they are spelled. */
const secretName = /authorization|cookie|token|passw(?:or)?d|secret|api-?_?key|private-?_?key|credential/i;

/** How values are formed, and how deep they lie. */
interface Forming {
  /** Hides secrets in a text. It is asked before a text is cut, which could leave half a secret that nobody knows any more. */
  readonly mask: (text: string) => string;
  readonly depth: number;
}

/** The fields of a line as they are written: what is secret by its type or name is `***`, what is endless is cut. */
export function formFields(fields: LogFields, mask: Forming["mask"]): Record<string, Json> {
  return formObject(fields, { mask, depth: 0 });
}

function formObject(fields: object, at: Forming): Record<string, Json> {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    pairs
      .slice(0, mostItems)
      .map(([name, value]) => [name, secretName.test(name) && value !== null ? hidden : formValue(value, at)]),
  );
}

function formValue(value: unknown, at: Forming): Json {
  if (typeof value === "string") return cut(value, at);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Secret) return hidden;
  const below = { ...at, depth: at.depth + 1 };
  if (at.depth >= deepest) return "…";
  if (value instanceof Error) return formError(value, at);
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => formValue(item, below));
  if (typeof value === "object") return formObject(value, below);
  return typeof value;
}

function formError(error: Error, at: Forming): Json {
  const { name, message, stack, cause } = error;
  const code = error instanceof MahavishnuError ? error.code : (error as { readonly code?: unknown }).code;
  return {
    name,
    message: cut(message, at),
    ...(typeof code === "string" ? { code } : {}),
    ...(stack === undefined ? {} : { stack: cut(stack, at) }),
    ...(cause instanceof Error ? { cause: formValue(cause, { ...at, depth: at.depth + 1 }) } : {}),
  };
}

function cut(text: string, { mask }: Forming): string {
  return text.length > longestText ? `${mask(text).slice(0, longestText).toWellFormed()}…` : text;
}
