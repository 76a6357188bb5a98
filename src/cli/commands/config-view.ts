import { formatOrigin, type Origin } from "../../config/origin.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { MissingField } from "../../config/missing-fields.ts";
import type { SecretOutcome } from "../../config/secret-references.ts";
import { listHiddenValues, showConfig } from "../../config/show-config.ts";
import { escapeControl } from "../terminal/escape-control.ts";

/** What a command prints: lines for eyes, one document for machines. */
export interface View {
  readonly text: readonly string[];
  /** Without its `schemaVersion`, which `writeJson` adds. */
  readonly json: object;
}

/** `config show`: every value of a configuration; with `origin`, where it comes from. Secrets are `***`. */
export function viewConfig(loaded: LoadedConfig, options: { readonly origin: boolean }): View {
  const values = showConfig(loaded);
  const rows = values.map(({ path, value, reference, origin, hidden }) => {
    const place = reference === null ? formatOrigin(origin) : `${formatOrigin(origin)} ${reference}`;
    const hides = hidden.length === 0 ? "" : `, hides ${hidden.map(formatOrigin).join(", ")}`;
    return options.origin ? [path, formatValue(value), place + hides] : [path, formatValue(value)];
  });
  return {
    text: alignColumns(rows),
    json: {
      schemaVersion: 1,
      digest: loaded.digest,
      items: values.map(({ path, value, reference, origin, hidden }) => ({
        path,
        value,
        reference,
        origin: describeOrigin(origin),
        hidden: hidden.map(describeOrigin),
      })),
      nextCursor: null,
    },
  };
}

/** What `config validate` looks at besides the files themselves, which have loaded. */
export interface Validation {
  readonly loaded: LoadedConfig;
  readonly secrets: readonly SecretOutcome[];
  readonly missing: readonly MissingField[];
}

/** One thing that `config validate` found in a configuration that loads. */
interface Remark {
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** `config validate`, for a configuration that loads: keys that are needed, references that lead nowhere, and warnings. */
export function viewValidation({ loaded, secrets, missing }: Validation): View & { readonly isValid: boolean } {
  const remarks = [
    ...missing.map(remarkMissing),
    ...secrets.flatMap(remarkSecret),
    ...remarkPlainText(loaded),
    ...remarkHidden(loaded),
  ];
  const isValid = remarks.every(({ severity }) => severity !== "error");
  const set = loaded.entries.filter(({ origin }) => origin.layer !== "default").length;
  const rest = loaded.entries.length - set;
  const last = `${loaded.shownFile} is ${isValid ? "valid" : "not valid"}: ${set} set, ${rest} left at their defaults`;
  return {
    isValid,
    text: [
      ...remarks.flatMap(({ severity, message, fix }) => [
        `${severity}  ${escapeControl(message)}`,
        `${" ".repeat(severity.length + 2)}${escapeControl(fix)}`,
      ]),
      last,
    ],
    json: { schemaVersion: 1, valid: isValid, digest: loaded.digest, files: loaded.files, remarks },
  };
}

function remarkMissing({ path, because, example, variable }: MissingField): Remark {
  return {
    severity: "error",
    path,
    message: `${path} is missing, and needed because ${because}`,
    fix: `write \`${example}\`, or set ${variable}`,
  };
}

function remarkSecret({ path, origin, reference, result }: SecretOutcome): Remark[] {
  if (result.ok) return [];
  const message = `${formatOrigin(origin)}  ${path}: ${reference ?? "the secret"} leads to nothing: ${result.reason}`;
  return [{ severity: "error", path, message, fix: result.fix }];
}

function remarkPlainText({ plainTextSecrets }: LoadedConfig): Remark[] {
  return plainTextSecrets.map(({ path, origin }) => ({
    severity: "warning",
    path,
    message: `${formatOrigin(origin)}  ${path} stands in plain text`,
    fix: "move it into a variable or a file and write ${env:NAME} or ${file:PATH}",
  }));
}

function remarkHidden(loaded: LoadedConfig): Remark[] {
  return listHiddenValues(loaded).map(({ path, text }) => ({
    severity: "warning",
    path,
    message: text,
    fix: "remove the one that is not meant",
  }));
}

function formatValue(value: unknown): string {
  return escapeControl(typeof value === "string" ? value : JSON.stringify(value));
}

function describeOrigin(origin: Origin): object {
  return { ...origin, place: formatOrigin(origin) };
}

/** One long value must not push the places of all others off the screen. */
const widestColumn = 50;

/** Rows with their columns aligned, two spaces between them. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(widestColumn, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
