import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, rmdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../../../config/schema.ts";
import { messageOf } from "../../../lib/errors.ts";
import { formatSize } from "../../../lib/size.ts";
import { expectMet, Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { listStateFolders } from "./list-state-folders.ts";
import { makeScratchName, sweepScratchNames } from "./scratch-name.ts";

/** Room for the database, its log and what else belongs to a run. */
const baseBytes = 64 * 1024 * 1024;
/** Files of one step: its log and its outputs, with some to spare. */
const filesPerStep = 10;
const baseFiles = 1_000;

/** What the folders must have room for. */
export interface Room {
  readonly bytes: number;
  readonly files: number;
}

/** Room for the output of as many steps as may run at once. */
export function roomNeeded({ maxConcurrentSteps, maxOutputBytes }: Config["limits"]): Room {
  return {
    bytes: baseBytes + maxConcurrentSteps * maxOutputBytes,
    files: baseFiles + maxConcurrentSteps * filesPerStep,
  };
}

/** What one folder has shown. */
interface Tried {
  /** Milliseconds that a sync took. */
  readonly syncMs: number;
  readonly freeBytes: number;
}

/** Tries every folder that the workspace writes in. */
export async function tryStateFolders(context: CheckContext): Promise<Outcome> {
  const { config, paths } = await context.config();
  const folders = listStateFolders(paths);
  const need = roomNeeded(config.limits);
  try {
    const tried: Tried[] = [];
    for (const folder of folders) tried.push(await tryFolder(folder, need));
    const slowest = Math.round(Math.max(...tried.map(({ syncMs }) => syncMs)) * 10) / 10;
    const free = formatSize(Math.min(...tried.map(({ freeBytes }) => freeBytes)));
    return {
      status: "pass",
      reason: `${folders.length} folders of ${paths.stateFolder} keep what is written (at most ${slowest} ms), ${free} free`,
    };
  } catch (error) {
    if (error instanceof Unmet) return error.outcome;
    throw error;
  }
}

async function tryFolder(folder: string, need: Room): Promise<Tried> {
  const made = await attempt(folder, "be made", async () => await mkdir(folder, { recursive: true, mode: 0o700 }));
  try {
    await sweepScratchNames(folder);
    const syncMs = await writeAndReadAgain(folder);
    return { syncMs, freeBytes: await expectRoom(folder, need) };
  } finally {
    if (made !== undefined) await removeEmpty(folder, made);
  }
}

/** What was not there before is not there afterwards, unless a run has begun to use it meanwhile. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
    if (path === top) return;
  }
}

/** Writes, syncs, renames, reads and deletes, as the store and the reports do. @returns milliseconds of the sync. */
async function writeAndReadAgain(folder: string): Promise<number> {
  const nonce = randomBytes(64).toString("hex");
  const first = makeScratchName(folder);
  const second = `${first}.renamed`;
  try {
    const file = await attempt(folder, "be written", async () => await open(first, "wx", 0o600));
    let tookMs: number;
    try {
      await attempt(folder, "be written", async () => await file.writeFile(nonce));
      const begin = performance.now();
      await attempt(folder, "sync a file to the disk", async () => await file.sync());
      tookMs = performance.now() - begin;
    } finally {
      await file.close();
    }
    await attempt(folder, "rename a file", async () => await rename(first, second));
    await attempt(folder, "sync itself to the disk", async () => await syncFolder(folder));
    const text = await attempt(folder, "be read", async () => await readFile(second, "utf8"));
    expectMet(text === nonce, `${folder} gives back something else than was written`);
    await attempt(folder, "delete a file", async () => await rm(second));
    return tookMs;
  } finally {
    await rm(first, { force: true });
    await rm(second, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns the free bytes */
async function expectRoom(folder: string, need: Room): Promise<number> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  const bytes = bavail * bsize;
  const remediation = { command: `df -h ${folder}` };
  expectMet(bytes >= need.bytes, `${folder} has too little free space`, {
    expected: `at least ${formatSize(need.bytes)}, for the output of all steps at once`,
    observed: formatSize(bytes),
    remediation,
  });
  // File systems that make files as they are needed tell of none.
  expectMet(files === 0 || ffree >= need.files, `the file system of ${folder} has too few free files (inodes)`, {
    expected: `at least ${need.files}`,
    observed: String(ffree),
    remediation: { command: `df -i ${folder}` },
  });
  return bytes;
}

/** What the folder refuses is the check's answer, with the operating system's own words. */
async function attempt<T>(folder: string, what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw new Unmet(`${folder} cannot ${what}: ${messageOf(error)}`);
  }
}
