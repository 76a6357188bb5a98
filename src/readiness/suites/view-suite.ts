import { stat } from "node:fs/promises";
import { errorCatalogue } from "../../lib/error-catalogue.ts";
import { isAlive, isHere } from "../../lib/process-identity.ts";
import type { Report } from "../report/report.ts";
import type { SuiteEvent } from "../run-stages.ts";
import type { Command } from "../types.ts";
import type { SuiteFiles, SuiteRecord } from "./suite-files.ts";
import { type SuiteEnd, type SuiteFailure, SuiteLines } from "./suite-lines.ts";

/** Where a suite stands: `ended` with a report, `failed` without one, `interrupted` when its process has gone before either. */
export type SuiteState = "waiting" | "running" | "ended" | "failed" | "interrupted";

/** A suite in a list. */
export interface SuiteItem {
  readonly id: string;
  readonly command: Command;
  readonly state: SuiteState;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly verdict: Report["verdict"] | null;
  /** What the command ended with; null while it has not, and when nobody knows. */
  readonly exitCode: number | null;
}

/** A suite with what it found. */
export interface SuiteView extends SuiteItem {
  /** Null until it has ended. */
  readonly report: Report | null;
  /** Why there is no report; null unless it failed. */
  readonly error: SuiteFailure | null;
}

/** A process of another container is known by its lines alone: no question is silent for so long. */
const silentMs = 30 * 60_000;

/** Whether the process of a suite may still go on. */
export async function isUnderWay({ process }: SuiteRecord, lines: string): Promise<boolean> {
  if (process === null || !isAlive(process)) return false;
  return isHere(process) || Date.now() - (await stat(lines)).mtimeMs < silentMs;
}

/** Tells a suite by its record and its lines. */
export async function readSuite(record: SuiteRecord, files: SuiteFiles): Promise<SuiteView> {
  const lines = new SuiteLines(files.linesOf(record.id));
  // Asked before its lines are read: what has ended by now has written its last one.
  const goesOn = await isUnderWay(record, files.linesOf(record.id));
  const events = await lines.readOn();
  return viewSuite(record, { end: lines.end, last: events.at(-1), goesOn });
}

/** What was read of a suite. */
export interface SuiteFacts {
  readonly end: SuiteEnd | null;
  readonly last: SuiteEvent | undefined;
  readonly goesOn: boolean;
}

/** Makes the document of a suite. */
export function viewSuite(record: SuiteRecord, { end, last, goesOn }: SuiteFacts): SuiteView {
  const { id, command, startedBy, startedAt } = record;
  const head = { id, command, startedBy, startedAt };
  if (end?.type === "report") {
    const { report } = end;
    return { ...head, state: "ended", verdict: report.verdict, exitCode: report.exitCode, report, error: null };
  }
  const none = { verdict: null, report: null };
  if (end !== null) {
    const { code, message, fix } = end.error;
    return {
      ...head,
      state: "failed",
      exitCode: errorCatalogue[code].exitCode,
      ...none,
      error: { code, message, fix },
    };
  }
  const state = goesOn ? (last?.type === "waiting" ? "waiting" : "running") : "interrupted";
  return { ...head, state, exitCode: null, ...none, error: null };
}

/** A suite as a list shows it. */
export function toItem({ report: _report, error: _error, ...item }: SuiteView): SuiteItem {
  return item;
}
