import { formatOrigin, type Origin } from "../../config/origin.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { MissingField } from "../../config/missing-fields.ts";
import type { SecretOutcome } from "../../config/secret-references.ts";
import { listHiddenValues, showConfig } from "../../config/show-config.ts";
import { type Diagnostic, renderDiagnostic } from "../../lib/diagnostics.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import { renderTable } from "../terminal/table.ts";
import { displayWidth } from "../terminal/text-width.ts";
import { escapeControl, escapeControlLines } from "../terminal/escape-control.ts";

/** What a command prints: lines for eyes, one document for machines. */
export interface View {
  readonly text: readonly string[];
  /** Without its `schemaVersion`, which `writeJson` adds. */
  readonly json: object;
}

/** `config show`: every value of a configuration; with `origin`, where it comes from. Secrets are `***`. */
export function viewConfig(loaded: LoadedConfig, options: { readonly origin: boolean; readonly look: Look }): View {
  const values = showConfig(loaded);
  const rows = values.map(({ path, value, reference, origin, hidden }): ConfigRow => {
    const row = { path, value: formatValue(value), place: "", reference: "", hides: "" };
    if (!options.origin) return row;
    return {
      ...row,
      place: escapeControl(formatOrigin(origin)),
      reference: escapeControl(reference ?? ""),
      hides: hidden.length === 0 ? "" : `hides ${hidden.map(formatOrigin).map(escapeControl).join(", ")}`,
    };
  });
  return {
    text: layOut(rows, options.look),
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
  /** What is wrong with the scopes of `access.bindings`. */
  readonly scopes: readonly Diagnostic[];
}

/** One thing that `config validate` found in a configuration that loads. */
interface Remark {
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** Where it stands, with its line; null for what stands nowhere. */
  readonly diagnostic: Diagnostic | null;
}

/** `config validate`, for a configuration that loads: keys that are needed, references that lead nowhere, and warnings. */
export function viewValidation({
  loaded,
  secrets,
  missing,
  scopes,
}: Validation): View & { readonly exitCode: ExitCode } {
  const remarks = [
    ...missing.map(remarkMissing),
    ...scopes.map((diagnostic) => remarkPlace("access.bindings", diagnostic)),
    ...secrets.flatMap(({ path, result }) => (result.ok ? [] : [remarkPlace(path, result.diagnostic)])),
    ...remarkPlainText(loaded),
    ...remarkHidden(loaded),
  ];
  const errors = remarks.filter(({ severity }) => severity === "error");
  const isValid = errors.length === 0;
  const set = loaded.entries.filter(({ origin }) => origin.layer !== "default").length;
  const rest = loaded.entries.length - set;
  const last = `${loaded.shownFile} is ${isValid ? "valid" : "not valid"}: ${set} set, ${rest} left at their defaults`;
  return {
    exitCode: isValid ? exitCodes.success : errors.every(isArgument) ? exitCodes.usage : exitCodes.failure,
    text: [...remarks.flatMap(tellRemark), last],
    json: {
      schemaVersion: 1,
      valid: isValid,
      digest: loaded.digest,
      files: loaded.files,
      remarks: remarks.map(({ severity, path, message, fix }) => ({ severity, path, message, fix })),
    },
  };
}

function remarkMissing({ path, because, example, variable }: MissingField): Remark {
  return {
    severity: "error",
    path,
    message: `${path} is missing, and needed because ${because}`,
    fix: `write \`${example}\`, or set ${variable}`,
    diagnostic: null,
  };
}

function remarkPlace(path: string, diagnostic: Diagnostic): Remark {
  const { file, line, column, message, hint = "" } = diagnostic;
  return { severity: "error", path, message: `${file}:${line}:${column}  ${message}`, fix: hint, diagnostic };
}

/** What was given with a flag is an argument and no file; see `reportError`. */
function isArgument({ diagnostic }: Remark): boolean {
  return diagnostic?.file.startsWith("--") === true;
}

function tellRemark({ severity, message, fix, diagnostic }: Remark): string[] {
  if (diagnostic !== null) return escapeControlLines(`${severity}  ${renderDiagnostic(diagnostic)}`).split("\n");
  return [`${severity}  ${escapeControl(message)}`, `${" ".repeat(severity.length + 2)}${escapeControl(fix)}`];
}

function remarkPlainText({ plainTextSecrets }: LoadedConfig): Remark[] {
  return plainTextSecrets.map(({ path, origin }) => ({
    severity: "warning",
    path,
    message: `${formatOrigin(origin)}  ${path} stands in plain text`,
    fix: "move it into a variable or a file and write ${env:NAME} or ${file:PATH}",
    diagnostic: null,
  }));
}

function remarkHidden(loaded: LoadedConfig): Remark[] {
  return listHiddenValues(loaded).map(({ path, text }) => ({
    severity: "warning",
    path,
    message: text,
    fix: "remove the one that is not meant",
    diagnostic: null,
  }));
}

function formatValue(value: unknown): string {
  return escapeControl(typeof value === "string" ? value : JSON.stringify(value));
}

function describeOrigin(origin: Origin): object {
  return { ...origin, place: formatOrigin(origin) };
}

/** One value, ready to print; what is not to be told is empty. */
interface ConfigRow {
  readonly path: string;
  readonly value: string;
  readonly place: string;
  readonly reference: string;
  readonly hides: string;
}

/** One long value must not push the places of all others away. */
const widestValue = 50;
/** In a narrow terminal, a place that would leave less than this to the values stands in a line of its own. */
const leastValue = 10;

/** A line for each value. Where the terminal is too narrow, values are cut; a key or a place that is cut would be of no use. */
function layOut(rows: readonly ConfigRow[], look: Look): string[] {
  const pathWidth = Math.max(0, ...rows.map(({ path }) => path.length));
  const valueWidth = Math.min(widestValue, Math.max(0, ...rows.map(({ value }) => value.length)));
  const whole = rows.map(({ path, value, place, reference, hides }) => {
    const origin = [[place, reference].filter((text) => text !== "").join(" "), hides].filter((text) => text !== "");
    return `${path.padEnd(pathWidth)}  ${value.padEnd(valueWidth)}  ${origin.join(", ")}`.trimEnd();
  });
  if (whole.every((line) => displayWidth(line) <= look.width)) return whole;
  const room = look.width - pathWidth - leastValue - 4;
  const columns = [{ whole: true }, {}, { whole: true }];
  const cells = rows.map(({ path, value, place }) => [[path], [value], place.length <= room ? [place] : []]);
  return renderTable({ columns, rows: cells }, look).flatMap((line, index) => {
    const { place = "", reference = "", hides = "" } = rows[index] ?? {};
    const notes = [place.length <= room ? "" : place, reference, hides].filter((text) => text !== "");
    // Not cut either: the terminal wraps what is longer than it is wide.
    return [
      line.trimEnd(),
      ...notes.map((note) => renderLine(["  ", span("faint", note)], { ...look, width: Infinity })),
    ];
  });
}
