import * as z from "zod";
import type { Diagnostic } from "../lib/diagnostics.ts";
import { readUserFile } from "../config/read-user-file.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { diagnose, diagnoseIssues, parseYamlFile, validateYaml, type YamlFile } from "../lib/yaml-file.ts";
import { isDate, type Waiver } from "./waivers.ts";

/** Far longer than any sentence, and short enough for every glob. */
const longestText = 2_000;

const maxBytes = 1024 * 1024;

const text = z.string().trim().min(1, "must not be empty").max(longestText);

/** One entry of waivers.yaml. */
export const WaiverEntry: z.ZodType = z
  .strictObject({
    id: text.describe("Id of the check, or a glob of ids; wildcards are refused for security checks."),
    target: text.optional().describe("Repository or adapter; all of them when left out."),
    reason: text.describe("Why this is acceptable for now."),
    owner: text.describe("Who answers for it."),
    expires: z
      .string()
      .refine(isDate, "must be a date of the form YYYY-MM-DD")
      .describe("The last day on which it holds, UTC, at most 90 days ahead."),
    ticket: text.optional().describe("Where its end is tracked."),
  })
  .describe("A finding that is accepted for a limited time.");

/** waivers.yaml. */
export const Waivers: z.ZodType<{ version: 1; waivers: readonly unknown[] }> = z.strictObject({
  version: z.literal(1),
  waivers: z.array(WaiverEntry),
});

/** The file with its entries not yet looked at: one wrong entry must not hide the others. */
const Envelope = z.strictObject({ version: z.literal(1), waivers: z.array(z.unknown()) });

/**
 * Reads waivers.yaml. A wrong entry is kept with its problem; a file that is wrong as a whole is a `UserFileError`.
 *
 * @example
 * readWaivers("waivers.yaml", "version: 1\nwaivers: []\n"); // []
 */
export function readWaivers(file: string, content: string): Waiver[] {
  const yaml = parseYamlFile(file, content);
  const { waivers } = validateYaml(yaml, Envelope);
  return waivers.map((entry, index) => readEntry(yaml, entry, index));
}

/**
 * Reads the file of waivers that the configuration names.
 *
 * @throws UserFileError when it is wrong as a whole; MahavishnuError when it cannot be read.
 */
export function readWaiverFile(path: string, workspace: string): Waiver[] {
  const shown = path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path;
  const file = readUserFile(path, maxBytes);
  if (file.text !== undefined) return readWaivers(shown, file.text);
  throw new MahavishnuError("USER_FILE_INVALID", `${shown} cannot be read: ${file.reason}`);
}

function readEntry(yaml: YamlFile, entry: unknown, index: number): Waiver {
  const path = ["waivers", index];
  const place = `${yaml.file}:${diagnose(yaml, path, "value", "").line}`;
  const fields = typeof entry === "object" && entry !== null ? (entry as Readonly<Record<string, unknown>>) : {};
  const read = (key: string): string =>
    typeof fields[key] === "string" ? fields[key].trim().slice(0, longestText) : "";
  const waiver = { id: read("id"), reason: read("reason"), owner: read("owner"), expires: read("expires"), place };
  const optional = {
    ...(read("target") === "" ? {} : { target: read("target") }),
    ...(read("ticket") === "" ? {} : { ticket: read("ticket") }),
  };
  const checked = WaiverEntry.safeParse(entry);
  if (checked.success) return { ...waiver, ...optional };
  const issues = checked.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
  return { ...waiver, ...optional, problem: summarise(diagnoseIssues(yaml, Waivers, issues)) };
}

/** Diagnostics in one line each, without their places: the waiver has its own. */
function summarise(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.length === 0 ? "not a waiver" : diagnostics.map(({ message }) => message).join("; ");
}

/** The JSON Schema of the file of waivers. */
export function makeWaiversJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(Waivers);
}
