import { realpathSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { isAlias, isMap, isScalar, visit } from "yaml";
import { readShape, wrong } from "../config/read-shape.ts";
import { readUserFile } from "../config/read-user-file.ts";
import { MahavishnuError, UserFileError } from "../lib/errors.ts";
import { diagnose, diagnoseIssues, parseYamlFile, type YamlFile } from "../lib/yaml-file.ts";
import { expandHome } from "../lib/home-folder.ts";
import { diagnosticAt, type Diagnostic } from "../lib/diagnostics.ts";
import { manifestShape } from "./generated/manifest-shape.ts";
import type { ManifestSources } from "./manifest-sources.ts";
import { findUrlProblem } from "./repository-url.ts";
import type { Manifest } from "./schema.ts";

/** One manifest file of a fleet: the one that was named, or an imported one. */
export interface ManifestFile {
  readonly yaml: YamlFile;
  readonly manifest: Manifest;
  /** Absolute folder where its relative paths start. */
  readonly root: string;
  /** Line (from 1) of each entry under `repos`, in the order of the file (objects put number-like keys first). */
  readonly lines: ReadonlyMap<string, number>;
}

/** Where manifests are read from and how they are named. */
export interface ManifestPlace {
  /** Absolute path of the manifest. */
  readonly file: string;
  /** The home folder, for `~/`. */
  readonly home: string;
  /** Folder from which files are named in messages. */
  readonly base: string;
  /** Told of everything that is read. */
  readonly sources?: ManifestSources | undefined;
}

/** A manifest for a thousand repositories has a third of a mebibyte. */
const maxManifestBytes = 16 * 1024 * 1024;
const maxFiles = 1_000;

/**
 * Reads a manifest and everything that it imports: the importing file first, then its imports in order, each file once.
 *
 * @throws UserFileError for wrong files and circles; MahavishnuError when the manifest itself cannot be read.
 */
export async function readManifests(place: ManifestPlace): Promise<ManifestFile[]> {
  place.sources?.addFile(place.file);
  const text = readUserFile(place.file, maxManifestBytes);
  if (text.text === undefined) {
    const name = showPath(place.file, place.base);
    throw new MahavishnuError("USER_FILE_INVALID", `the manifest ${name} cannot be read: ${text.reason}`, {
      fix: text.missing
        ? "Make one with `mahavishnu init`, or correct `repositories` of the configuration."
        : "Mend the file.",
    });
  }
  const reader = new ImportReader(place);
  await reader.read({ file: place.file, text: text.text, inheritedRoot: dirname(place.file), stack: [] });
  return reader.files;
}

interface PendingFile {
  readonly file: string;
  readonly text: string;
  readonly inheritedRoot: string;
  /** Real paths of the files that lead here. */
  readonly stack: readonly string[];
}

class ImportReader {
  readonly files: ManifestFile[] = [];
  readonly #seen = new Set<string>();
  readonly #place: ManifestPlace;

  constructor(place: ManifestPlace) {
    this.#place = place;
  }

  async read({ file, text, inheritedRoot, stack }: PendingFile): Promise<void> {
    const realFile = realpathSync.native(file);
    this.#seen.add(realFile);
    const yaml = parseYamlFile(showPath(file, this.#place.base), text);
    const manifest = readByShape(yaml.value) ?? (await readBySchema(yaml));
    const root =
      manifest.root === undefined ? inheritedRoot : resolve(dirname(file), expandHome(manifest.root, this.#place.home));
    this.files.push({ yaml, manifest, root, lines: linesOf(yaml) });
    const path = [...stack, realFile];
    for (const [index, pattern] of (manifest.import ?? []).entries()) {
      const at = (message: string, hint?: string): UserFileError =>
        new UserFileError([diagnose(yaml, ["import", index], "value", message, hint)]);
      for (const imported of await this.#findImports(dirname(file), expandHome(pattern, this.#place.home), at)) {
        await this.#readImport(imported, root, path, at);
      }
    }
  }

  /** The files that an import names, sorted; a pattern or name without any file is an error. */
  async #findImports(folder: string, pattern: string, at: (message: string, hint?: string) => UserFileError) {
    if (!/[*?[{]/.test(pattern)) return [resolve(folder, pattern)];
    const found = await matchFiles(folder, pattern);
    this.#place.sources?.addPattern(found, () => matchFiles(folder, pattern));
    if (found.length > maxFiles) throw at(`the pattern matches more than ${maxFiles} files`, "make it narrower");
    if (found.length === 0) throw at(`no file matches "${pattern}"`, "correct the pattern or take it out");
    return found;
  }

  async #readImport(
    file: string,
    inheritedRoot: string,
    stack: readonly string[],
    at: (message: string, hint?: string) => UserFileError,
  ): Promise<void> {
    const { base, sources } = this.#place;
    sources?.addFile(file);
    const read = readUserFile(file, maxManifestBytes);
    if (read.text === undefined) throw at(`${showPath(file, base)} cannot be imported: ${read.reason}`);
    const realFile = realpathSync.native(file);
    if (stack.includes(realFile)) {
      const circle = [...stack.slice(stack.indexOf(realFile)), realFile].map((path) => showPath(path, base));
      throw at(`imports form a circle: ${circle.join(" -> ")}`, "take one of them out");
    }
    // Two ways to the same file are no mistake; its repositories count once.
    if (this.#seen.has(realFile)) return;
    if (this.#seen.size >= maxFiles) throw at(`more than ${maxFiles} files are imported`, "is the pattern too wide?");
    await this.read({ file, text: read.text, inheritedRoot, stack });
  }
}

/** The manifest, or null when anything is wrong: what it is, only the schema says. See docs/decisions/0010. */
export function readByShape(value: unknown): Manifest | null {
  const read = readShape(manifestShape, value);
  if (read === wrong) return null;
  // The shape says the same as the schema's type; a test compares them.
  const manifest = read as Manifest;
  for (const entry of Object.values(manifest.repos ?? {})) {
    if (entry?.url !== undefined && findUrlProblem(entry.url) !== null) return null;
  }
  return manifest;
}

/**
 * @throws UserFileError with every wrong place of the file.
 */
async function readBySchema(yaml: YamlFile): Promise<Manifest> {
  const { Manifest, notBuiltKeys } = await import("./schema.ts");
  const result = Manifest.safeParse(yaml.value);
  const reserved = findReservedKeys(yaml);
  if (result.success && reserved.length === 0) return result.data;
  const issues = result.success ? [] : diagnoseIssues(yaml, Manifest, result.error.issues, notBuiltKeys);
  throw new UserFileError([...issues, ...reserved]);
}

/** JavaScript gives `__proto__` a meaning of its own, so that an entry of that name would be lost without a word. */
function findReservedKeys(yaml: YamlFile): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (!yaml.text.includes("__proto__")) return found;
  visit(yaml.document, {
    Pair: (_key, { key }) => {
      if (!isScalar(key) || key.value !== "__proto__" || !key.range) return;
      found.push(
        diagnosticAt(
          yaml.file,
          yaml.text,
          { start: key.range[0], end: key.range[1] },
          '"__proto__" cannot be a name',
          "choose another one",
        ),
      );
    },
  });
  return found;
}

/** The files that a pattern matches, sorted; one more than is allowed is enough. */
async function matchFiles(folder: string, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const match of glob(pattern, { cwd: folder })) {
    found.push(isAbsolute(match) ? match : join(folder, match));
    if (found.length > maxFiles) break;
  }
  return found.toSorted();
}

/** Lines of the entries under `repos`, counted in one walk over the text. */
function linesOf({ document, text }: YamlFile): Map<string, number> {
  const lines = new Map<string, number>();
  const node: unknown = isMap(document.contents) ? document.contents.get("repos", true) : undefined;
  const repos = isAlias(node) ? node.resolve(document) : node;
  if (!isMap(repos)) return lines;
  let line = 1;
  let at = 0;
  for (const { key } of repos.items) {
    if (!isScalar(key) || !key.range) continue;
    const [start] = key.range;
    for (let next = text.indexOf("\n", at); next !== -1 && next < start; next = text.indexOf("\n", at)) {
      line += 1;
      at = next + 1;
    }
    lines.set(String(key.value), line);
  }
  return lines;
}

/** A path as the user would name it from `base`. */
export function showPath(path: string, base: string): string {
  const shown = relative(base, path);
  return shown === "" || shown.startsWith("..") || isAbsolute(shown) ? path : shown;
}
