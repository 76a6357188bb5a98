import { randomBytes } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readAuditPages } from "../../app/read-audit-pages.ts";
import { exportAudit } from "../../app/use-cases/audit.ts";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import type { AuditHead } from "../../store/audit-contract.ts";
import type { CommandIo } from "../command-io.ts";
import type { AuditExportOptions } from "../command-options.ts";
import type { Door } from "../door.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import { auditFilterOf } from "./audit-filter.ts";

type ExportFormat = "csv" | "ndjson";

/** `mahavishnu audit export`. */
export async function runAuditExport(options: AuditExportOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const source: Source = { door, options, io };
  let head: AuditHead | null = null;
  for (const { format, file } of options.reports)
    head = await writeFile(source, formatOf(format), resolve(io.cwd, file));
  // Files only, when only files were asked for.
  if (options.format !== "text" || options.reports.length === 0) {
    head = await copyPages(source, formatOf(options.format), async (text) => {
      io.stdout.write(text);
      return await Promise.resolve(!io.stdout.closed.aborted);
    });
  }
  if (head !== null && !options.quiet) {
    const known = `${head.seq}:${head.hash}`;
    io.stderr.write(
      `head ${known}; kept elsewhere, it proves later what was here: mahavishnu audit verify --head ${known}\n`,
    );
  }
  return exitCodes.success;
}

interface Source {
  readonly door: Door;
  readonly options: AuditExportOptions;
  readonly io: CommandIo;
}

function formatOf(format: string): ExportFormat {
  return format === "csv" ? "csv" : "ndjson";
}

/** Hands every page on, until nobody wants more. Gives the head that the last page has. */
async function copyPages(
  { door, options }: Source,
  format: ExportFormat,
  write: (text: string) => Promise<boolean>,
): Promise<AuditHead | null> {
  let head: AuditHead | null = null;
  const input = { ...auditFilterOf(options), format };
  for await (const page of readAuditPages(async (asked) => await door.perform(exportAudit, asked), input)) {
    head = page.head;
    if (!(await write(page.text))) return null;
  }
  return head;
}

/** A reader sees the old file or the whole new one. What people did is for the eyes of whoever asked: mode 0600. */
async function writeFile(source: Source, format: ExportFormat, named: string): Promise<AuditHead | null> {
  const present = await stat(named).catch(() => undefined);
  // A pipe or a terminal is written to: to put a file in its place would take it from everybody.
  if (present !== undefined && !present.isFile()) {
    await using direct = await openFile(named, "w");
    return await fill(source, format, direct, named);
  }
  const path = present === undefined ? named : await realpath(named);
  const draft = resolve(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await using file = await openFile(draft, "wx", named);
    const head = await fill(source, format, file, named);
    await file.sync();
    await rename(draft, path).catch((error: unknown) => refuseFile(named, error));
    return head;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function fill(source: Source, format: ExportFormat, file: FileHandle, named: string): Promise<AuditHead | null> {
  return await copyPages(source, format, async (text) => {
    await file.writeFile(text).catch((error: unknown) => refuseFile(named, error));
    return true;
  });
}

async function openFile(path: string, flags: "w" | "wx", named = path): Promise<FileHandle> {
  return await open(path, flags, 0o600).catch((error: unknown) => refuseFile(named, error));
}

function refuseFile(named: string, error: unknown): never {
  throw new MahavishnuError("REPORT_UNWRITABLE", `cannot write ${named}: ${messageOf(error)}`, { cause: error });
}
