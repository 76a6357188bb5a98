import type { ConfigDocument, ConfigRemark, ConfigValidation } from "../../app/describe-config.ts";
import { renderDiagnostic } from "../../lib/diagnostics.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import { renderTable } from "../terminal/table.ts";
import { displayWidth } from "../terminal/text-width.ts";
import { escapeControl } from "../../lib/escape-control.ts";
import { escapeControlLines } from "../terminal/escape-control.ts";

/** What a command prints: lines for eyes, one document for machines. */
export interface View {
  readonly text: readonly string[];
  /** Without its `schemaVersion`, which `writeJson` adds. */
  readonly json: object;
}

/** `config show`: every value of a configuration; with `origin`, where it comes from. Secrets are `***`. */
export function viewConfig(config: ConfigDocument, options: { readonly origin: boolean; readonly look: Look }): View {
  const { digest, items, nextCursor } = config;
  const rows = items.map(({ path, value, reference, origin, hidden }): ConfigRow => {
    const row = { path, value: formatValue(value), place: "", reference: "", hides: "" };
    if (!options.origin) return row;
    return {
      ...row,
      place: escapeControl(origin.place),
      reference: escapeControl(reference ?? ""),
      hides: hidden.length === 0 ? "" : `hides ${hidden.map(({ place }) => escapeControl(place)).join(", ")}`,
    };
  });
  return { text: layOut(rows, options.look), json: { digest, items, nextCursor } };
}

/** `config validate`, for a configuration that loads: keys that are needed, references that lead nowhere, and warnings. */
export function viewValidation(validation: ConfigValidation): View & { readonly exitCode: ExitCode } {
  const { valid, digest, file, files, remarks, counts } = validation;
  const errors = remarks.filter(({ severity }) => severity === "error");
  const last = `${file} is ${valid ? "valid" : "not valid"}: ${counts.set} set, ${counts.defaults} left at their defaults`;
  return {
    exitCode: valid ? exitCodes.success : errors.every(isArgument) ? exitCodes.usage : exitCodes.failure,
    text: [...remarks.flatMap(tellRemark), last],
    json: {
      valid,
      digest,
      files,
      remarks: remarks.map(({ severity, path, message, fix }) => ({ severity, path, message, fix })),
    },
  };
}

/** What was given with a flag is an argument and no file; see `reportError`. */
function isArgument({ diagnostic }: ConfigRemark): boolean {
  return diagnostic?.file.startsWith("--") === true;
}

function tellRemark({ severity, message, fix, diagnostic }: ConfigRemark): string[] {
  if (diagnostic !== null) return escapeControlLines(`${severity}  ${renderDiagnostic(diagnostic)}`).split("\n");
  return [`${severity}  ${escapeControl(message)}`, `${" ".repeat(severity.length + 2)}${escapeControl(fix)}`];
}

function formatValue(value: unknown): string {
  return escapeControl(typeof value === "string" ? value : JSON.stringify(value));
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
