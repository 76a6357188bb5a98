import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { mapLimited } from "../lib/semaphore.ts";
import { runGit } from "../repositories/run-git.ts";
import { createFiles, type NewFile } from "./create-files.ts";
import { describeDemoFleet } from "./demo-manifest.ts";
import { makeDemoRepository } from "./demo-repository.ts";
import { collectDemoSources, type DemoSource } from "./demo-sources.ts";
import { gitignore, newSecret } from "./init-workspace.ts";

/** A demo workspace after `makeDemoWorkspace`. */
export interface DemoWorkspace {
  /** Absolute. */
  readonly folder: string;
  /** Names of all repositories of the fleet. */
  readonly repositories: readonly string[];
  /** What was made now, relative to the folder; all of it in a new demo, nothing in one that was whole. */
  readonly made: readonly string[];
  /** Whether the folder held a demo before, whose history is kept. */
  readonly kept: boolean;
}

/** The file that says that a folder is a demo, made by this program and removable by it. */
export const demoMarker = ".mahavishnu-demo";
const markerText =
  "This folder is a demo of Mahavishnu. `mahavishnu init --demo --fresh` may remove it with all it holds.\n";
const workflows = ["workflows/inventory.yaml", "workflows/add-editorconfig.yaml"] as const;

/**
 * Makes a workspace to try things in: a fleet of real git repositories with history, and workflows for it. In a folder
 * that is a demo already, the history and all that is there stay, and what is missing is made again.
 *
 * @throws MahavishnuError `DEMO_FOREIGN_FOLDER` when the folder holds something that is no demo.
 * @example
 * await makeDemoWorkspace({ folder: "/home/dana/demo", packageRoot: findPackageRoot(), fresh: false });
 */
export async function makeDemoWorkspace(options: {
  readonly folder: string;
  readonly packageRoot: string;
  /** Remove the demo that stands there first. */
  readonly fresh: boolean;
}): Promise<DemoWorkspace> {
  const { folder, packageRoot, fresh } = options;
  let state = await lookAt(folder);
  if (state === "foreign") throw refuseForeign(folder);
  // Before anything is made: without git there would be half a demo.
  await runGit({ folder: "/", args: ["--version"] });
  if (state === "demo" && fresh) {
    await rm(folder, { recursive: true, force: true });
    state = "empty";
  }
  const sources = await collectDemoSources(packageRoot);
  // The marker comes first: whatever happens next, the folder is known as a demo and can be repaired or removed.
  const made = [
    ...(await addMissing(folder, [{ path: demoMarker, content: markerText }, newSecret()])),
    ...(await addMissing(folder, await listFiles(packageRoot, sources))),
    ...(await addMissingRepositories(folder, sources)),
  ];
  return { folder, repositories: sources.map(({ name }) => name), made, kept: state === "demo" };
}

/** Whether a demo may be made here. A symbolic link is never followed: what it points to is not ours to remove. */
async function lookAt(folder: string): Promise<"empty" | "demo" | "foreign"> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return "empty";
  if (!found.isDirectory()) return "foreign";
  const marker = await readFile(join(folder, demoMarker), "utf8").catch(() => undefined);
  if (marker === markerText) return "demo";
  return (await readdir(folder)).length === 0 ? "empty" : "foreign";
}

function refuseForeign(folder: string): MahavishnuError {
  return new MahavishnuError("DEMO_FOREIGN_FOLDER", `${folder} is there already and is no demo`, {
    fix: `Name another folder, such as: mahavishnu init --demo ${folder}-demo`,
  });
}

async function listFiles(packageRoot: string, sources: readonly DemoSource[]): Promise<NewFile[]> {
  const examples = join(packageRoot, "examples");
  return [
    { path: ".gitignore", content: gitignore },
    { path: "mahavishnu.yaml", content: await readFile(join(examples, "workspace/mahavishnu.yaml")) },
    { path: "repos.yaml", content: describeDemoFleet(sources) },
    ...(await Promise.all(
      workflows.map(async (path) => ({ path, content: await readFile(join(examples, "demo", path)) })),
    )),
  ];
}

async function addMissing(folder: string, files: readonly NewFile[]): Promise<string[]> {
  const missing: NewFile[] = [];
  for (const file of files) {
    if ((await lstat(join(folder, file.path)).catch(() => undefined)) === undefined) missing.push(file);
  }
  await createFiles(folder, missing);
  return missing.map(({ path }) => path);
}

/** Repositories are made aside and moved into place, so that a half-made one is never in the fleet. */
async function addMissingRepositories(folder: string, sources: readonly DemoSource[]): Promise<string[]> {
  const missing: DemoSource[] = [];
  for (const source of sources) {
    if (!(await isRepository(join(folder, "fleet", source.name)))) missing.push(source);
  }
  if (missing.length === 0) return [];
  await removeLeftovers(join(folder, ".mahavishnu"));
  const aside = await mkdtemp(join(folder, ".mahavishnu", asidePrefix));
  try {
    await mapLimited(missing, 4, async (source) => {
      await makeDemoRepository(join(aside, source.name), source);
    });
    await mkdir(join(folder, "fleet"), { recursive: true });
    for (const { name } of missing) await moveIntoFleet(join(aside, name), join(folder, "fleet", name));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return missing.map(({ name }) => `fleet/${name}`);
}

const asidePrefix = "demo-";

/** What a process that was killed has left; a younger folder may belong to one that is at work. */
async function removeLeftovers(stateFolder: string): Promise<void> {
  for (const name of await readdir(stateFolder)) {
    if (!name.startsWith(asidePrefix)) continue;
    const { mtimeMs } = await lstat(join(stateFolder, name));
    if (Date.now() - mtimeMs > 600_000) await rm(join(stateFolder, name), { recursive: true, force: true });
  }
}

async function isRepository(folder: string): Promise<boolean> {
  return (await lstat(join(folder, ".git/HEAD")).catch(() => undefined)) !== undefined;
}

async function moveIntoFleet(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (cause) {
    throw new MahavishnuError("DEMO_DAMAGED", `${to} is there and is no git repository, so it is left as it is`, {
      cause,
    });
  }
}
