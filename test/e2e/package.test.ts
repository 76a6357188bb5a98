import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stagePackage } from "../support/staged-package.ts";

const run = promisify(execFile);
interface RunDocument {
  readonly counts: { readonly succeeded: number };
}

let folder = "";
let installed = "";

/** A machine with this Node and npm, an empty cache and no registry. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: join(folder, "home"),
    // npm and Node keep caches below it.
    TMPDIR: join(folder, "tmp"),
    npm_config_cache: join(folder, "cache"),
    npm_config_update_notifier: "false",
  };
}

async function inFolder(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd: folder, env: environment() });
  return stdout;
}

async function listFiles(): Promise<string[]> {
  const entries = await readdir(installed, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "packed-"));
  for (const name of ["home", "tmp"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "package.json"), '{ "name": "empty", "private": true }\n');
  const staged = await stagePackage();
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: staged, env: environment() });
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  await inFolder("npm", "install", "--offline", "--no-audit", "--no-fund", join(folder, tarball));
  installed = join(folder, "node_modules/mahavishnu");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the packed tarball, installed into an empty folder without a registry", () => {
  it("brings no other package", async () => {
    const names = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."));
    expect(names).toEqual(["mahavishnu"]);
  });

  it("holds what a user needs and no sources, tests or build tools", async () => {
    const files = await listFiles();
    const needed = [
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "bin/mahavishnu.js",
      "dist/main.js",
      "dist/THIRD-PARTY-LICENSES.txt",
      "schemas/config.v1.json",
      "docs/guide.md",
      "docs/reference/cli.md",
      "deploy/prometheus/mahavishnu.rules.yaml",
      "examples/workspace/mahavishnu.yaml",
    ];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
    const tops = new Set(files.map((file) => file.split("/")[0]));
    const shipped = [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "deploy",
      "dist",
      "docs",
      "examples",
      "package.json",
      "schemas",
    ];
    expect(tops).toEqual(new Set(shipped));
    expect(files.filter((file) => file.endsWith(".ts") || file.endsWith(".map"))).toEqual([]);
  });

  it("names the licence of every package that is bundled", async () => {
    const text = await readFile(join(installed, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as Record<string, object>;
    const named = [...text.matchAll(/^(\S+) \d+\.\d+\.\d+\S* \((\S.*)\)$/gm)].map((match) => match[1] ?? "");
    expect(named).toContain("commander");
    expect(text).toContain("Permission is hereby granted");
    // Tools of the build and of the tests are never shipped.
    for (const tool of ["rolldown", "vitest", "typescript", "fast-check", "knip"]) {
      expect(manifest["devDependencies"]).toHaveProperty(tool);
      expect(named).not.toContain(tool);
    }
  });

  it("has no crash point in it", async () => {
    const names = await listCrashPoints();
    expect(names.length).toBeGreaterThan(0);
    const bundle = await Promise.all(
      (await listFiles())
        .filter((file) => file.endsWith(".js"))
        .map(async (file) => await readFile(join(installed, file), "utf8")),
    );
    const all = bundle.join("\n");
    expect(names.filter((name) => all.includes(`"${name}"`) || all.includes(`\`${name}\``))).toEqual([]);
    expect(all).not.toContain("CRASH_AT");
  });

  it("answers to npx with its version", async () => {
    const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as { version: string };
    expect(await inFolder("npx", "--no-install", "mahavishnu", "--version")).toBe(`${manifest.version}\n`);
  });

  it("makes a demo from its own files and runs a workflow over it, twice", async () => {
    const call = async (...args: string[]): Promise<string> =>
      await inFolder("npx", "--no-install", "mahavishnu", ...args);
    await call("init", "demo", "--demo");
    for (const round of [1, 2]) {
      const document = JSON.parse(await call("run", "add-editorconfig", "-C", "demo", "-o", "json")) as RunDocument;
      expect(document, `round ${round}`).toMatchObject({ workflow: "add-editorconfig", state: "succeeded" });
      expect(document.counts.succeeded).toBeGreaterThanOrEqual(7);
    }
    const { stdout } = await run("git", [
      "-C",
      join(folder, "demo/fleet/manual"),
      "show",
      "add-editorconfig:.editorconfig",
    ]);
    expect(stdout).toContain("root = true");
  });

  it("is small enough to fetch in a moment", async () => {
    const sizes = await Promise.all((await listFiles()).map(async (file) => (await stat(join(installed, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(12 * 1024 * 1024);
  });
});

/** The names of the crash points that the sources have. */
async function listCrashPoints(): Promise<string[]> {
  const source = join(import.meta.dirname, "../../src");
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const names = new Set<string>();
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
    const text = await readFile(join(entry.parentPath, entry.name), "utf8");
    for (const match of text.matchAll(/crashPoint\("([^"]+)"\)/g)) names.add(match[1] ?? "");
  }
  return [...names];
}
