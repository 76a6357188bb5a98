import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessIdentity } from "../../lib/process-identity.ts";
import type { Command } from "../types.ts";

/** What is known of a suite besides its lines. */
export interface SuiteRecord {
  readonly id: string;
  readonly command: Command;
  readonly startedBy: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The process that runs it; null when it had ended before anybody looked. */
  readonly process: ProcessIdentity | null;
}

/** Suites that are kept. */
export const keptSuites = 20;

/**
 * The files of the suites that servers have begun, in the state folder of their workspace: `ID.ndjson` holds what the command prints
 * with `-o ndjson`, `ID.json` who began it and which process runs it. So every server of the workspace can tell of each of them.
 */
export class SuiteFiles {
  readonly #folder: string;

  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, "suites");
  }

  /** The file of a suite's lines. */
  linesOf(id: string): string {
    return join(this.#folder, `${id}.ndjson`);
  }

  async make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Writes a record, whole or not at all: from now on the suite is there. */
  async add(record: SuiteRecord): Promise<void> {
    const file = this.#recordOf(record.id);
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /** Null when there is no such suite. */
  async find(id: string): Promise<SuiteRecord | null> {
    if (!/^[0-9a-z]{10}$/.test(id)) return null;
    const text = await readFile(this.#recordOf(id), "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    });
    return text === null ? null : (JSON.parse(text) as SuiteRecord);
  }

  /** All records, the newest first. */
  async list(): Promise<readonly SuiteRecord[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const ids = names.flatMap((name) => /^([0-9a-z]{10})\.json$/.exec(name)?.[1] ?? []);
    const records = await Promise.all(ids.map((id) => this.find(id)));
    return records
      .filter((record) => record !== null)
      .toSorted((a, b) => (a.startedAt === b.startedAt ? 0 : a.startedAt < b.startedAt ? 1 : -1));
  }

  async remove(id: string): Promise<void> {
    await rm(this.#recordOf(id), { force: true });
    await rm(this.linesOf(id), { force: true });
  }

  #recordOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
