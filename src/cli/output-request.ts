import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";

/** Formats that are built. `table` and other words for the same thing are not: one word each. */
export type OutputFormat = "text" | "short" | "json" | "ndjson" | "junit";

/** Formats that the readiness report will have. */
const plannedFormats = ["sarif", "markdown", "html", "prometheus"];

/** One `-o FORMAT[=FILE]`. */
export interface OutputRequest {
  readonly format: OutputFormat;
  /** As written, relative to the current folder; without it the standard output. */
  readonly file?: string;
}

/** Formats of graphs, for programs that draw. */
export type DrawingFormat = "dot" | "mermaid";

/** A format for spreadsheets. */
export type SheetFormat = "csv";

/** What a command does with `-o`. */
export interface OutputRules {
  readonly formats: readonly (OutputFormat | DrawingFormat | SheetFormat)[];
  /** Whether `-o FORMAT=FILE` may be given, and given several times. */
  readonly files: boolean;
}

/** What `-o` asks for: one format on the standard output, and any number of files. */
export interface OutputChoice {
  readonly format: OutputFormat;
  readonly reports: readonly Required<OutputRequest>[];
}

/**
 * Reads the values of `-o`.
 *
 * @throws MahavishnuError USAGE for an unknown format, a second format for the standard output, or a file where none may be.
 * @example
 * chooseOutput(["json", "junit=report.xml"], rules); // { format: "json", reports: [{ format: "junit", file: "report.xml" }] }
 */
export function chooseOutput(values: readonly string[], rules: OutputRules): OutputChoice {
  const requests = values.map((value) => parseRequest(value, rules));
  const onStdout = requests.filter((request) => request.file === undefined);
  const [first, second] = onStdout;
  if (first !== undefined && second !== undefined) {
    throw new MahavishnuError("USAGE", `-o ${first.format} and -o ${second.format} both write to the standard output`, {
      fix: rules.files ? `Name a file for one of them: -o ${second.format}=FILE.` : "Give -o once.",
    });
  }
  const reports = requests.filter((request): request is Required<OutputRequest> => request.file !== undefined);
  const twice = reports.find((request, index) => reports.findIndex((other) => other.file === request.file) !== index);
  if (twice !== undefined) throw new MahavishnuError("USAGE", `two outputs go to the same file "${twice.file}"`);
  return { format: first?.format ?? "text", reports };
}

function parseRequest(value: string, rules: OutputRules): OutputRequest {
  const split = value.indexOf("=");
  const name = split === -1 ? value : value.slice(0, split);
  // Only a command whose rules have a format for drawing or for spreadsheets is ever given one, and looks at it as a text.
  const format = rules.formats.find((known) => known === name) as OutputFormat | undefined;
  if (format === undefined) {
    if (rules.files && plannedFormats.includes(name)) {
      throw new MahavishnuError("NOT_BUILT", `the output format "${name}" is not built yet`, {
        fix: `Use ${rules.formats.join(", ")}.`,
      });
    }
    throw new MahavishnuError("USAGE", `unknown output format "${name}"`, { fix: didYouMean(name, rules.formats) });
  }
  if (split === -1) return { format };
  const file = value.slice(split + 1);
  if (!rules.files)
    throw new MahavishnuError("USAGE", `this command writes no files, so "-o ${value}" is not valid`, {
      fix: `Use -o ${format} > FILE.`,
    });
  if (file === "")
    throw new MahavishnuError("USAGE", `"-o ${value}" names no file`, { fix: `Write -o ${format}=FILE.` });
  return { format, file };
}

/**
 * The machine format that the words of a command line ask for, found without a parser: errors of the parser itself
 * need it. Undefined when eyes read the output.
 */
export function machineFormatOf(argv: readonly string[]): "json" | "ndjson" | undefined {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  for (const [index, word] of words.entries()) {
    const value =
      word === "-o" || word === "--output"
        ? words[index + 1]
        : (/^(?:-o|--output=)(.+)$/s.exec(word)?.[1] ?? undefined);
    if (value === "json" || value === "ndjson") return value;
  }
  return undefined;
}
