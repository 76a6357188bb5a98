import type { LoadedConfig } from "../config/load-config.ts";
import type { MissingField } from "../config/missing-fields.ts";
import { formatOrigin, type Origin } from "../config/origin.ts";
import type { SecretOutcome } from "../config/secret-references.ts";
import { listHiddenValues, showConfig } from "../config/show-config.ts";
import type { Json } from "../engine/contract.ts";
import type { Diagnostic } from "../lib/diagnostics.ts";

/** Where a value comes from, and that place in one text. */
export type OriginItem = Origin & { readonly place: string };

/** One value of the configuration. */
export interface ConfigItem {
  /** With dots. */
  readonly path: string;
  /** As one would write it; `***` for a secret. */
  readonly value: Json;
  /** The reference of a secret; null for other values and for a secret in plain text. */
  readonly reference: string | null;
  readonly origin: OriginItem;
  /** Where lower layers set the same key, highest first. */
  readonly hidden: readonly OriginItem[];
}

/** The configuration that is in force. */
export interface ConfigDocument {
  readonly digest: string;
  /** The configuration file, as it is named in messages. */
  readonly file: string;
  readonly items: readonly ConfigItem[];
  readonly nextCursor: null;
}

/** One thing that was found in a configuration that loads. */
export interface ConfigRemark {
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** Where it stands, with its line; null for what stands nowhere. */
  readonly diagnostic: Diagnostic | null;
}

/** What deserves a look in a configuration that loads. */
export interface ConfigValidation {
  /** Whether there is no error among the remarks. */
  readonly valid: boolean;
  readonly digest: string;
  /** The configuration file, as it is named in messages. */
  readonly file: string;
  /** The configuration files that were read, absolute, lowest layer first. */
  readonly files: readonly string[];
  readonly remarks: readonly ConfigRemark[];
  /** How many keys some layer sets, and how many stand at their defaults. */
  readonly counts: { readonly set: number; readonly defaults: number };
}

/** Every value of a configuration for readers. Secrets are `***`. */
export function describeConfig(loaded: LoadedConfig): ConfigDocument {
  const items = showConfig(loaded).map(({ path, value, reference, origin, hidden }) => ({
    path,
    // What is no JSON is refused when a layer is read.
    value: value as Json,
    reference,
    origin: describeOrigin(origin),
    hidden: hidden.map(describeOrigin),
  }));
  return { digest: loaded.digest, file: loaded.shownFile, items, nextCursor: null };
}

/** What a validation looks at besides the files themselves, which have loaded. */
export interface LookedAt {
  readonly secrets: readonly SecretOutcome[];
  readonly missing: readonly MissingField[];
  /** What is wrong with the scopes of `access.bindings`. */
  readonly scopes: readonly Diagnostic[];
}

/** What is wrong with a configuration that loads, or deserves a look: keys that are needed, references that lead nowhere, warnings. */
export function describeValidation(loaded: LoadedConfig, { secrets, missing, scopes }: LookedAt): ConfigValidation {
  const remarks = [
    ...missing.map(remarkMissing),
    ...scopes.map((diagnostic) => remarkPlace("access.bindings", diagnostic)),
    ...secrets.flatMap(({ path, result }) => (result.ok ? [] : [remarkPlace(path, result.diagnostic)])),
    ...remarkPlainText(loaded),
    ...remarkHidden(loaded),
  ];
  const set = loaded.entries.filter(({ origin }) => origin.layer !== "default").length;
  return {
    valid: remarks.every(({ severity }) => severity !== "error"),
    digest: loaded.digest,
    file: loaded.shownFile,
    files: loaded.files,
    remarks,
    counts: { set, defaults: loaded.entries.length - set },
  };
}

function describeOrigin(origin: Origin): OriginItem {
  return { ...origin, place: formatOrigin(origin) };
}

function remarkMissing({ path, because, example, variable }: MissingField): ConfigRemark {
  return {
    severity: "error",
    path,
    message: `${path} is missing, and needed because ${because}`,
    fix: `write \`${example}\`, or set ${variable}`,
    diagnostic: null,
  };
}

function remarkPlace(path: string, diagnostic: Diagnostic): ConfigRemark {
  const { file, line, column, message, hint = "" } = diagnostic;
  return { severity: "error", path, message: `${file}:${line}:${column}  ${message}`, fix: hint, diagnostic };
}

function remarkPlainText({ plainTextSecrets }: LoadedConfig): ConfigRemark[] {
  return plainTextSecrets.map(({ path, origin }) => ({
    severity: "warning",
    path,
    message: `${formatOrigin(origin)}  ${path} stands in plain text`,
    fix: "move it into a variable or a file and write ${env:NAME} or ${file:PATH}",
    diagnostic: null,
  }));
}

function remarkHidden(loaded: LoadedConfig): ConfigRemark[] {
  return listHiddenValues(loaded).map(({ path, text }) => ({
    severity: "warning",
    path,
    message: text,
    fix: "remove the one that is not meant",
    diagnostic: null,
  }));
}
