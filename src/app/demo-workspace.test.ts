import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findPackageRoot } from "../lib/package-root.ts";
import { demoMarker, makeDemoWorkspace } from "./demo-workspace.ts";

const packageRoot = findPackageRoot();
let template = "";
let parent = "";
let folder = "";

beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), "template-"));
  await makeDemoWorkspace({ folder: join(template, "demo"), packageRoot, fresh: false });
});

afterAll(async () => {
  await rm(template, { recursive: true, force: true });
});

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "demo-"));
  folder = join(parent, "demo");
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

interface Manifest {
  readonly repos: Readonly<Record<string, { role: string; tags: string[]; needs?: string[] }>>;
}

async function readManifest(): Promise<Manifest["repos"]> {
  return (parse(await readFile(join(folder, "repos.yaml"), "utf8")) as Manifest).repos;
}

function git(repository: string, ...args: string[]): string {
  return execFileSync("git", ["-C", join(folder, "fleet", repository), ...args], { encoding: "utf8" }).trim();
}

/** A demo that was made before. */
async function copyDemo(): Promise<void> {
  await cp(join(template, "demo"), folder, { recursive: true, preserveTimestamps: true });
}

/** An installed package: its own files, and no other package beside them. */
async function installAlone(): Promise<string> {
  const alone = join(parent, "node_modules/mahavishnu");
  for (const part of ["package.json", "LICENSE", "README.md", "bin", "docs", "examples"]) {
    await cp(join(packageRoot, part), join(alone, part), { recursive: true });
  }
  for (const path of [
    "dist/main.js",
    "dist/THIRD-PARTY-LICENSES.txt",
    "schemas/config.v1.json",
    "docs/reference/a.md",
  ]) {
    await mkdir(join(alone, path, ".."), { recursive: true });
    await writeFile(join(alone, path), "{}\n");
  }
  return alone;
}

describe("makeDemoWorkspace", () => {
  it("makes at least seven real repositories, clean, on main, with two commits or more each", async () => {
    const { repositories, kept } = await makeDemoWorkspace({ folder, packageRoot, fresh: false });
    expect(kept).toBe(false);
    expect(repositories.length).toBeGreaterThanOrEqual(7);
    for (const name of repositories) {
      expect(Number(git(name, "rev-list", "--count", "main"))).toBeGreaterThanOrEqual(2);
      expect(git(name, "status", "--porcelain", "--branch")).toBe("## main");
      expect(git(name, "fsck", "--strict")).toBe("");
    }
  });

  it("describes them with roles, hierarchical tags and needs", async () => {
    await copyDemo();
    const manifest = await readManifest();
    expect(Object.keys(manifest).toSorted()).toEqual((await readdir(join(folder, "fleet"))).toSorted());
    const entries = Object.values(manifest);
    expect(new Set(entries.map(({ role }) => role))).toEqual(new Set(["library", "service"]));
    expect(entries.every(({ tags }) => tags.some((tag) => tag.includes("/")))).toBe(true);
    const needs = entries.flatMap((entry) => entry.needs ?? []);
    expect(needs.length).toBeGreaterThanOrEqual(3);
    expect(needs.filter((need) => !(need in manifest))).toEqual([]);
  });

  it("makes the fleet from its own files where no other package is on disk", async () => {
    const alone = await installAlone();
    const { repositories } = await makeDemoWorkspace({ folder, packageRoot: alone, fresh: false });
    expect(repositories.length).toBeGreaterThanOrEqual(7);
    for (const name of repositories) expect(Number(git(name, "rev-list", "--count", "main"))).toBeGreaterThanOrEqual(2);
    const manifest = await readManifest();
    expect(Object.values(manifest).flatMap((entry) => entry.needs ?? []).length).toBeGreaterThanOrEqual(3);
  });

  it("gives the same commits for the same files", async () => {
    await copyDemo();
    const first = git("ajv", "rev-parse", "main");
    await makeDemoWorkspace({ folder, packageRoot, fresh: true });
    expect(git("ajv", "rev-parse", "main")).toBe(first);
  });

  it("keeps what is there and makes again what is missing", async () => {
    await copyDemo();
    const secret = await readFile(join(folder, ".mahavishnu/secrets/auth"), "utf8");
    await writeFile(join(folder, "mahavishnu.yaml"), "version: 1 # mine\n");
    await writeFile(join(folder, ".mahavishnu/state.db"), "history");
    git("yaml", "commit", "--quiet", "--allow-empty", "--message", "Mine");
    await rm(join(folder, "fleet/ajv"), { recursive: true });
    await rm(join(folder, "workflows"), { recursive: true });

    const { made, kept } = await makeDemoWorkspace({ folder, packageRoot, fresh: false });
    expect(kept).toBe(true);
    expect(made).toEqual(["workflows/inventory.yaml", "workflows/add-editorconfig.yaml", "fleet/ajv"]);
    expect(await readFile(join(folder, ".mahavishnu/secrets/auth"), "utf8")).toBe(secret);
    expect(await readFile(join(folder, "mahavishnu.yaml"), "utf8")).toBe("version: 1 # mine\n");
    expect(await readFile(join(folder, ".mahavishnu/state.db"), "utf8")).toBe("history");
    expect(git("yaml", "log", "-1", "--format=%s")).toBe("Mine");
    expect(git("ajv", "status", "--porcelain")).toBe("");
  });

  it("with fresh, begins again without the history", async () => {
    await copyDemo();
    await writeFile(join(folder, ".mahavishnu/state.db"), "history");
    const { kept } = await makeDemoWorkspace({ folder, packageRoot, fresh: true });
    expect(kept).toBe(false);
    expect(existsSync(join(folder, ".mahavishnu/state.db"))).toBe(false);
  });

  it.each([true, false])("touches no folder that is no demo (fresh: %s)", async (fresh) => {
    await mkdir(folder);
    await writeFile(join(folder, "thesis.txt"), "years of work");
    await expect(makeDemoWorkspace({ folder, packageRoot, fresh })).rejects.toMatchObject({
      code: "DEMO_FOREIGN_FOLDER",
    });
    expect(await readdir(folder)).toEqual(["thesis.txt"]);
  });

  it("is not deceived by a marker that says something else, nor led away by a symbolic link", async () => {
    await mkdir(folder);
    await writeFile(join(folder, demoMarker), "");
    await expect(makeDemoWorkspace({ folder, packageRoot, fresh: true })).rejects.toMatchObject({
      code: "DEMO_FOREIGN_FOLDER",
    });

    const real = join(parent, "real");
    await makeDemoWorkspace({ folder: real, packageRoot, fresh: false });
    await symlink(real, join(parent, "link"));
    await expect(makeDemoWorkspace({ folder: join(parent, "link"), packageRoot, fresh: true })).rejects.toMatchObject({
      code: "DEMO_FOREIGN_FOLDER",
    });
    expect(existsSync(join(real, demoMarker))).toBe(true);
  });

  it("leaves a folder in the fleet's place alone when it holds something that is no repository", async () => {
    await copyDemo();
    await rm(join(folder, "fleet/ajv/.git"), { recursive: true });
    await expect(makeDemoWorkspace({ folder, packageRoot, fresh: false })).rejects.toMatchObject({
      code: "DEMO_DAMAGED",
    });
    expect(existsSync(join(folder, "fleet/ajv/package.json"))).toBe(true);
    expect((await readdir(join(folder, ".mahavishnu"))).filter((name) => name.startsWith("demo-"))).toEqual([]);
  });

  it("removes what a killed one has left aside", async () => {
    await copyDemo();
    const leftover = join(folder, ".mahavishnu/demo-killed");
    await mkdir(leftover);
    await utimes(leftover, new Date(0), new Date(0));
    await rm(join(folder, "fleet/ajv"), { recursive: true });
    await makeDemoWorkspace({ folder, packageRoot, fresh: false });
    expect(existsSync(leftover)).toBe(false);
  });
});
