import { glob, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/** A file that a repository of the demo gets, as it is on disk. */
export interface DemoFile {
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

/** A repository of the demo: what the manifest says about it, and the real files that it is made from. */
export interface DemoSource {
  readonly name: string;
  /** What the files are of: `yaml 2.9.1`. */
  readonly origin: string;
  readonly role: "library" | "service";
  readonly tags: readonly string[];
  readonly needs: readonly string[];
  readonly files: readonly DemoFile[];
}

interface Entry {
  readonly name: string;
  readonly role: "library" | "service";
  readonly tags: readonly string[];
}

const packages: readonly Entry[] = [
  { name: "fast-deep-equal", role: "library", tags: ["lang/js", "area/data"] },
  { name: "fast-uri", role: "library", tags: ["lang/js", "area/text"] },
  { name: "json-schema-traverse", role: "library", tags: ["lang/js", "area/data/schema"] },
  { name: "require-from-string", role: "library", tags: ["lang/js", "area/runtime"] },
  { name: "ajv", role: "library", tags: ["lang/ts", "area/data/schema", "tier/1"] },
  { name: "picomatch", role: "library", tags: ["lang/js", "area/text", "tier/1"] },
  { name: "yaml", role: "library", tags: ["lang/ts", "area/text", "tier/1"] },
  { name: "commander", role: "library", tags: ["lang/js", "area/cli"] },
  { name: "pure-rand", role: "library", tags: ["lang/ts", "area/test"] },
  { name: "fast-check", role: "service", tags: ["lang/ts", "area/test"] },
];

interface Part extends Entry {
  readonly needs: readonly string[];
  readonly include: readonly string[];
}

/** Mahavishnu's own files, by what they are: for an install that has put no other package on disk. */
const ownParts: readonly Part[] = [
  {
    name: "schemas",
    role: "library",
    tags: ["lang/json", "area/data/schema", "tier/1"],
    needs: [],
    include: ["schemas/**"],
  },
  {
    name: "bundle",
    role: "library",
    tags: ["lang/js", "area/runtime", "tier/1"],
    needs: ["schemas"],
    include: ["dist/**/*.js"],
  },
  { name: "launcher", role: "service", tags: ["lang/js", "area/cli"], needs: ["bundle"], include: ["bin/**"] },
  { name: "examples", role: "library", tags: ["lang/yaml", "area/docs"], needs: ["schemas"], include: ["examples/**"] },
  {
    name: "reference",
    role: "library",
    tags: ["lang/markdown", "area/docs"],
    needs: ["schemas"],
    include: ["docs/reference/**"],
  },
  {
    name: "decisions",
    role: "library",
    tags: ["lang/markdown", "area/docs"],
    needs: [],
    include: ["docs/decisions/**"],
  },
  {
    name: "manual",
    role: "service",
    tags: ["lang/markdown", "area/docs"],
    needs: ["reference", "examples"],
    include: ["docs/*.md"],
  },
  {
    name: "licences",
    role: "library",
    tags: ["lang/text", "area/legal"],
    needs: [],
    include: ["dist/THIRD-PARTY-LICENSES.txt"],
  },
];

/** This package itself, beside those that it is built from. */
const self: Entry = { name: "mahavishnu", role: "service", tags: ["lang/ts", "area/cli"] };
const ownFiles = ["package.json", "README.md", "LICENSE", "bin/**", "src/cli/*.ts"];

/** A repository of the demo stays small: it is made within a blink and read within a minute. */
const bounds = { files: 24, bytesOfFile: 64 * 1024, bytesInAll: 256 * 1024 };
const enough = 7;

/**
 * Finds real files for the repositories of the demo: packages that `npm ci` has put on disk beside this one, with the
 * needs that they really have; or Mahavishnu's own files where there are no such packages.
 */
export async function collectDemoSources(packageRoot: string): Promise<DemoSource[]> {
  const found = await Promise.all([
    ...packages.map(
      async (entry) => await readPackage(join(packageRoot, "node_modules", entry.name), entry, everything),
    ),
    readPackage(packageRoot, self, ownFiles),
  ]);
  const sources = found.filter((source) => source !== undefined);
  if (sources.length < enough) return await readOwnParts(packageRoot);
  const names = new Set(sources.map(({ name }) => name));
  return sources.map((source) => ({ ...source, needs: source.needs.filter((need) => names.has(need)) }));
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const everything = ["**/*.{js,cjs,mjs,ts,json,md}", "{LICEN[CS]E,licen[cs]e}*"];

async function readPackage(folder: string, entry: Entry, patterns: readonly string[]): Promise<DemoSource | undefined> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const manifest = JSON.parse(text) as Manifest;
  // This package bundles what it needs, and so has all of it among its development dependencies.
  const needs = Object.keys((entry === self ? manifest.devDependencies : manifest.dependencies) ?? {});
  return { ...entry, origin: `${entry.name} ${manifest.version}`, needs, files: await readFiles(folder, patterns) };
}

async function readOwnParts(packageRoot: string): Promise<DemoSource[]> {
  const { version } = JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")) as Manifest;
  return await Promise.all(
    ownParts.map(async ({ name, role, tags, needs, include }) => {
      const files = await readFiles(packageRoot, ["LICENSE", ...include]);
      return { name, role, tags, needs, files, origin: `the ${name} of mahavishnu ${version}` };
    }),
  );
}

/** Reads what fits the bounds: files near the top first, then by name, so that the same package gives the same files. */
async function readFiles(folder: string, patterns: readonly string[]): Promise<DemoFile[]> {
  const paths: string[] = [];
  for await (const path of glob([...patterns], { cwd: folder, exclude: ["node_modules/**", "**/node_modules/**"] })) {
    paths.push(path.replaceAll(sep, "/"));
  }
  const files: DemoFile[] = [];
  let bytes = 0;
  for (const path of paths.toSorted(byDepthThenName)) {
    const found = await stat(join(folder, path));
    const { size, mode } = found;
    const fits = found.isFile() && size <= bounds.bytesOfFile && bytes + size <= bounds.bytesInAll;
    if (!fits || files.length === bounds.files || !/^[\w./@+-]+$/.test(path)) continue;
    files.push({ path, content: await readFile(join(folder, path)), executable: (mode & 0o100) !== 0 });
    bytes += size;
  }
  return files;
}

function byDepthThenName(a: string, b: string): number {
  return a.split("/").length - b.split("/").length || (a < b ? -1 : 1);
}
