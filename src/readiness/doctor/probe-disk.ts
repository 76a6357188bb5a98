import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatSize } from "../../lib/size.ts";
import { judgeFolder } from "../../store/judge-place.ts";
import { roomNeeded } from "../catalogue/configuration/try-state-folders.ts";
import { fail, type Finding, ok, type Probe, type Subject, warn } from "./finding.ts";

/** What `statfs` calls file systems that matter here. */
const kinds: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0xf2f52010, "f2fs"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlay"],
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xfe534d42, "smb"],
  [0xff534d42, "smb"],
  [0x01021997, "9p"],
  [0x65735546, "fuse"],
  [0x00c36400, "ceph"],
  [0x0bd00bd0, "lustre"],
]);
/** SQLite's log needs memory that processes share, which these do not give. */
const networks = new Set(["nfs", "smb", "9p", "ceph", "lustre"]);

/** The folder itself, or what is there of its way. */
function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}

async function lookAtKind({ stateFolder }: Subject): Promise<Finding> {
  const folder = nearest(stateFolder);
  const { type } = await statfs(folder);
  // Signed on some machines.
  const kind = kinds.get(type >>> 0) ?? `0x${(type >>> 0).toString(16)}`;
  const figures = { folder, kind };
  const move = { text: "Put the workspace on a disk of this machine, or name another file in state.url." };
  if (networks.has(kind)) {
    return fail(`${folder} lies on a network file system (${kind}), where the database can be damaged`, move, figures);
  }
  if (kind === "tmpfs" || kind === "ramfs") {
    return warn(`${folder} lies in memory (${kind}): the state is gone when the machine ends`, move, figures);
  }
  if (kind === "overlay") {
    const remedy = { text: "Mount a volume for the workspace." };
    return warn(`${folder} lies in a container's own layer (${kind}): the state is gone with it`, remedy, figures);
  }
  if (kind === "fuse") return warn(`${folder} lies on a file system of a program (fuse)`, move, figures);
  return ok(`${folder} lies on ${kind}`, figures);
}

/** How often, and for how long at most, it is appended and synced. */
const rounds = 100;
const longestMs = 1_000;
/** Slower than this, hardly 20 steps begin or end in a second. */
const slowMs = 50;

async function lookAtSync({ stateFolder }: Subject, signal: AbortSignal): Promise<Finding> {
  const folder = nearest(stateFolder);
  const problem = judgeFolder(folder);
  if (problem !== undefined) return fail(problem.message, { text: problem.fix });
  const file = join(folder, `.doctor-${process.pid}-${randomBytes(4).toString("hex")}`);
  await using handle = await open(file, "ax", 0o600);
  // At once: from here on nothing is left behind, however this ends.
  await rm(file);
  const page = Buffer.alloc(4_096, 1);
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < rounds && performance.now() - begin < longestMs && !signal.aborted) {
    const start = performance.now();
    await handle.write(page);
    await handle.datasync();
    times.push(performance.now() - start);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100;
  const figures = { p50Ms: at(0.5), p95Ms: at(0.95), syncs: times.length };
  const told = `a sync of ${folder} takes ${figures.p50Ms} ms, at worst of 20 ${figures.p95Ms} ms`;
  if (figures.p95Ms <= slowMs) return ok(told, figures);
  const remedy = {
    text: "Every begin and end of a step waits for one: put the state on an SSD that nobody else keeps busy.",
  };
  return warn(`${told}, which is slow`, remedy, figures);
}

async function lookAtRoom({ stateFolder, loaded }: Subject): Promise<Finding> {
  const folder = nearest(stateFolder);
  const { bavail, bsize, blocks, files, ffree } = await statfs(folder);
  const free = bavail * bsize;
  const figures = { freeBytes: free, freeFiles: files === 0 ? null : ffree };
  // Some file systems count nothing.
  if (blocks === 0) return ok(`${folder} does not say how much is free`, figures);
  const need = roomNeeded(loaded?.config.limits ?? { ...defaultRoom });
  const told = `${formatSize(free)}${files === 0 ? "" : ` and ${ffree} files`} are free in ${folder}`;
  const remedy = { text: "Make room, or purge what is old.", command: "mahavishnu runs purge --dry-run" };
  if (free < need.bytes || (files !== 0 && ffree < need.files)) {
    const wanted = `${formatSize(need.bytes)} and ${need.files} files for as many steps as may go on at once`;
    return fail(`${told}; ${wanted} are needed`, remedy, figures);
  }
  if (free / (blocks * bsize) < 0.05) return warn(`${told}, less than 5 %`, remedy, figures);
  return ok(told, figures);
}

/** Without a workspace: what the configuration has by itself, for one step of each core. */
const defaultRoom = { maxConcurrentSteps: 8, maxOutputBytes: 10 * 1024 ** 2 } as Parameters<typeof roomNeeded>[0];

async function lookAtState({ stateFolder, loaded }: Subject): Promise<Finding> {
  const problem = judgeFolder(stateFolder);
  if (problem !== undefined)
    return fail(problem.message, /^ch|^mount/.test(problem.fix) ? { command: problem.fix } : { text: problem.fix });
  if (loaded === null) return ok("no workspace here: state would be kept in .mahavishnu");
  const found = await stat(stateFolder).catch(() => null);
  if (found === null) return ok(`${stateFolder} is made by the first run`);
  const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
  if ((found.mode & 0o077) !== 0) {
    const remedy = { text: "It holds what steps print, and keys.", command: `chmod 0700 ${stateFolder}` };
    return warn(`${stateFolder} has mode ${mode}: others can look into it`, remedy, { mode });
  }
  return ok(`${stateFolder} has mode ${mode}`, { mode });
}

async function lookAtTemporary({ env }: Subject): Promise<Finding> {
  const folder = env["TMPDIR"] ?? tmpdir();
  const remedy = { text: "Name a folder that can be written in TMPDIR.", command: "export TMPDIR=/tmp" };
  if (!existsSync(folder)) return fail(`the temporary folder ${folder} is not there`, remedy);
  const problem = judgeFolder(folder);
  if (problem !== undefined) return fail(`the temporary folder: ${problem.message}`, remedy);
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  const figures = { folder, freeBytes: free };
  if (blocks > 0 && free < 64 * 1024 ** 2) {
    return warn(
      `${formatSize(free)} are free in the temporary folder ${folder}`,
      { text: "Make room there." },
      figures,
    );
  }
  return ok(`temporary files go to ${folder}`, figures);
}

/** Where state and temporary files are kept. */
export const diskProbes: readonly Probe[] = [
  { id: "state.folder", look: lookAtState },
  { id: "disk.kind", look: lookAtKind },
  { id: "disk.sync", look: lookAtSync },
  { id: "disk.room", look: lookAtRoom },
  { id: "temporary", look: lookAtTemporary },
];
