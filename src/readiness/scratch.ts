import { chmod, lstat, mkdir, mkdtemp, readdir, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootId, identifyProcess, type ProcessIdentity } from "../lib/process-identity.ts";

/** A folder that one check may do with as it likes. */
export interface Scratch {
  /** Absolute, empty at the start, mode 0700. */
  readonly folder: string;
  /**
   * Remembers a child that leads its own process group, so that it is ended should this process be killed. The
   * returned function forgets it again.
   */
  track(pid: number): Promise<() => Promise<void>>;
}

/** All scratch of one run of the suite. Disposing it removes everything. */
export interface ScratchSpace extends AsyncDisposable {
  readonly folder: string;
  /** A new folder with a name that begins as given. */
  make(name: string): Promise<Scratch>;
}

const prefix = "mahavishnu-scratch-";
/** Only a folder that holds this file is ever removed. */
const markerName = ".mahavishnu-scratch";
const childrenName = ".children";

const markerText = `Scratch space of \`mahavishnu production\`. It is removed when its process has ended, at the latest
at the next start of a suite.
`;

/** What a folder's name says about its process: letters and digits alone, so that it can stand in a name. */
function nameProcess({ pid, startTime, bootId: boot }: ProcessIdentity): string {
  const plain = (text: string): string => text.replaceAll(/[^0-9A-Za-z]/g, "");
  return `${pid}-${plain(startTime)}-${plain(boot).slice(0, 12)}`;
}

/** Whether a name of the form `PID-START-BOOT` belongs to a process that lives. */
function isNamedProcessAlive(name: string): boolean {
  const pid = Number(name.split("-", 1)[0]);
  const identity = Number.isSafeInteger(pid) && pid > 0 ? identifyProcess(pid) : null;
  return identity !== null && nameProcess(identity) === name;
}

/** Makes the scratch space of this process below `parent`, by default the system's folder for temporary files. */
export async function openScratchSpace(parent: string = tmpdir()): Promise<ScratchSpace> {
  const self = identifyProcess(process.pid) ?? { pid: process.pid, startTime: "0", bootId: bootId() };
  const folder = await mkdtemp(join(parent, `${prefix}${nameProcess(self)}-`));
  await writeFile(join(folder, markerName), markerText);
  await mkdir(join(folder, childrenName));
  const track = async (pid: number): Promise<() => Promise<void>> => {
    const identity = identifyProcess(pid);
    if (identity === null) return async () => undefined;
    const file = join(folder, childrenName, nameProcess(identity));
    await writeFile(file, "");
    return async () => {
      await unlink(file).catch(() => undefined);
    };
  };
  return {
    folder,
    make: async (name) => ({ folder: await mkdtemp(join(folder, `${name}-`)), track }),
    [Symbol.asyncDispose]: async () => {
      await endChildren(folder);
      await removeTree(folder);
    },
  };
}

/**
 * Removes what dead processes have left, and ends their children. Nothing without the marker is touched, and nothing
 * of another user or of a process that lives.
 *
 * @returns The folders that were removed.
 */
export async function sweepScratch(parent: string = tmpdir()): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    const match = /^(\d+-[0-9A-Za-z]+-[0-9A-Za-z]+)-\w+$/.exec(
      name.startsWith(prefix) ? name.slice(prefix.length) : "",
    );
    if (match?.[1] === undefined || isNamedProcessAlive(match[1])) continue;
    const folder = join(parent, name);
    if (!(await isOwnFolder(folder))) continue;
    if (await removeLeftover(folder)) removed.push(folder);
  }
  return removed;
}

async function isOwnFolder(folder: string): Promise<boolean> {
  const stats = await lstat(folder).catch(() => undefined);
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

/** Removes one leftover. A process that died before it wrote the marker has left an empty folder: only that is removed without one. */
async function removeLeftover(folder: string): Promise<boolean> {
  const marker = await lstat(join(folder, markerName)).catch(() => undefined);
  try {
    if (marker?.isFile() === true) {
      await endChildren(folder);
      await removeTree(folder);
    } else await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}

/** Ends the process groups that were tracked and still live. */
async function endChildren(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, childrenName)).catch(() => [])) {
    if (!isNamedProcessAlive(name)) continue;
    try {
      process.kill(-Number(name.split("-", 1)[0]), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Removes a folder, also one in which a check has taken the right to write from itself, or a process that is just ending still writes. */
async function removeTree(folder: string): Promise<void> {
  // Each try waits 100 ms longer than the one before it: 5.5 s in all.
  const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 } as const;
  try {
    await rm(folder, options);
  } catch {
    await openFolders(folder);
    await rm(folder, options);
  }
}

async function openFolders(folder: string): Promise<void> {
  // What has gone meanwhile need not be opened.
  await chmod(folder, 0o700).catch(() => undefined);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
  }
}
