import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import type { Report } from "./report.ts";
import { plainStyle, type TextStyle } from "./text-style.ts";

/** The forms that a report can take. */
export type ReportFormat = "text" | "short" | "json" | "ndjson" | "junit";

/** A report that goes to a file. */
export interface ReportFile {
  readonly format: ReportFormat;
  /** As written. */
  readonly file: string;
}

/** How text forms are shown; ignored by the forms for machines. */
export interface RenderOptions {
  readonly style: TextStyle;
  readonly verbose?: boolean;
}

/**
 * A report in one form, ended with a line end. The verdict is in the report already: no form can change it.
 *
 * @example
 * await renderReport(report, "json", { style: plainStyle });
 */
export async function renderReport(report: Report, format: ReportFormat, options: RenderOptions): Promise<string> {
  switch (format) {
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "ndjson":
      return `${JSON.stringify({ type: "report", report })}\n`;
    case "junit":
      return (await import("./render-junit.ts")).renderJunit(report);
    case "text":
      return (await import("./render-text.ts")).renderText(report, options);
    case "short":
      return (await import("./render-text.ts")).renderShort(report, options);
  }
}

/**
 * Writes reports into files, each whole or not at all.
 *
 * @throws MahavishnuError REPORT_UNWRITABLE (70) after all the others were tried: a missing report must not look like a good one.
 */
export async function writeReports(report: Report, files: readonly ReportFile[], cwd: string): Promise<void> {
  const failures: string[] = [];
  for (const { format, file } of files) {
    try {
      await writeAtomically(resolve(cwd, file), await renderReport(report, format, { style: plainStyle }));
    } catch (error) {
      failures.push(`${file}: ${messageOf(error)}`);
    }
  }
  if (failures.length > 0) throw new MahavishnuError("REPORT_UNWRITABLE", `cannot write ${failures.join("; ")}`);
}

/** A reader sees the old file or the new one, never a part; a crash leaves the old one. */
async function writeAtomically(named: string, text: string): Promise<void> {
  const present = await stat(named).catch(() => undefined);
  // A pipe or a terminal is written to: to put a file in its place would take it from everybody.
  if (present !== undefined && !present.isFile()) {
    await writeFile(named, text);
    return;
  }
  const path = present === undefined ? named : await realpath(named);
  const draft = resolve(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  const file = await open(draft, "wx", 0o644);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
