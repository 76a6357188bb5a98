import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { MahavishnuError } from "../../../lib/errors.ts";
import { inspectFile, refuseForeign } from "../../../store/inspect-file.ts";
import { explainOpening, quickCheck } from "../../../store/open-database.ts";
import type { Outcome } from "../../types.ts";

/** Up to this size every page is looked at, which takes milliseconds; every command does so when it opens the database. */
const wholeLookBytes = 4 * 1024 * 1024;
const lockMs = 1_000;

/** Reads the state database as every command does before it works with it, and refuses what they refuse. It leaves no trace. */
export function lookAtStore(file: string): Outcome {
  try {
    const { isNew, needsLook } = inspectFile(file);
    if (isNew) return { status: "pass", reason: "there is no database yet" };
    const isWhole = statSync(file).size <= wholeLookBytes;
    if (!isWhole)
      return { status: "pass", reason: "the database begins as one of this version; --all looks through it" };
    try {
      look(file, needsLook);
    } catch {
      // Without locks a write of another process can look like damage: what is damaged still is at a second look.
      look(file, inspectFile(file).needsLook);
    }
    return { status: "pass", reason: "the database is whole" };
  } catch (error) {
    const explained = explainOpening(error, file);
    if (!(explained instanceof MahavishnuError)) throw error;
    return { status: "fail", reason: explained.message, remediation: { text: explained.fix } };
  }
}

/** @param hasLog Whether changes lie in the log: they belong to what is looked at, and are read by the usual rules and locks. */
function look(file: string, hasLog: boolean): void {
  const url = pathToFileURL(file);
  // Else SQLite makes files of its own beside it.
  if (!hasLog) url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true, timeout: lockMs });
  try {
    const tables = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
    const id = Number(database.prepare("PRAGMA application_id").get()?.["application_id"]);
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    refuseForeign(file, { id, version, hasTables: tables !== undefined });
    quickCheck(database, file);
  } finally {
    database.close();
  }
}
