import type { Dirent } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { isInside } from "./containment.ts";
import { findUrlProblem, redactUrl } from "./repository-url.ts";
import { repositoryNamePattern } from "./schema.ts";
import type { Fleet, Repository } from "./types.ts";
import { openWorkingTree } from "./working-tree.ts";

/** A repository that was found on disk and is not in the manifest. */
export interface FoundRepository {
  /** A name that is free in the manifest. */
  readonly name: string;
  /** As it would be written in the manifest: relative to its root when it lies below it. */
  readonly path: string;
  readonly url: string | null;
}

/** What a folder holds compared with the manifest. */
export interface ScanResult {
  /** The folder that was looked through. */
  readonly folder: string;
  /** Entries to add. */
  readonly added: readonly FoundRepository[];
  /** Entries of the manifest below the folder that are not on disk. */
  readonly missing: readonly Repository[];
  /** Entries of the manifest below the folder where something else is than a working tree, each with what it is. */
  readonly unusable: readonly { readonly repository: Repository; readonly reason: string }[];
  /** Entries of the manifest that were found. */
  readonly known: readonly Repository[];
  /** Git repositories that are no entry by themselves, each with the reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Folders that could not be looked into. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** Folders with thousands of files and no repository of the user's. */
const passedOver = new Set(["node_modules"]);
const maxDepth = 12;

/**
 * Looks for git repositories below a folder and compares them with the manifest. Does not follow symbolic links and does
 * not look inside repositories, hidden folders or `node_modules`.
 *
 * @param options.asked The folder as whoever asks has named it, for what is said when it is none.
 * @throws MahavishnuError USAGE when it is none.
 * @example
 * const { added, missing } = await scanFolder(fleet, "/srv/acme");
 */
export async function scanFolder(
  fleet: Fleet,
  folder: string,
  { signal, asked = folder }: { readonly signal?: AbortSignal; readonly asked?: string } = {},
): Promise<ScanResult> {
  const start = await findStart(folder, asked);
  const found: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    const entries = await listFolder(path);
    if (typeof entries === "string") {
      unreadable.push({ path, reason: entries });
      return;
    }
    if (entries.some(({ name }) => name === ".git")) {
      const reason = await findSkipReason(path);
      if (reason === null) found.push(path);
      else skipped.push({ path, reason });
      return;
    }
    if (["HEAD", "objects", "refs"].every((name) => entries.some((entry) => entry.name === name))) {
      skipped.push({ path, reason: "a bare repository, without a working tree" });
      return;
    }
    const folders = entries.filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith(".") && !passedOver.has(entry.name),
    );
    if (depth === maxDepth && folders.length > 0) unreadable.push({ path, reason: `deeper than ${maxDepth} folders` });
    else for (const { name } of folders) await visit(join(path, name), depth + 1);
  };
  await visit(start, 0);
  const { owned, ...compared } = await compareWithFleet(fleet, start, found);
  // What the manifest has is told as its entry.
  return { folder: start, skipped: skipped.filter(({ path }) => !owned.has(path)), unreadable, ...compared };
}

/** The folder to begin at; what is named wrongly is said so, and does not look like a folder without repositories. */
async function findStart(folder: string, asked: string): Promise<string> {
  try {
    const start = await realpath(resolve(folder));
    if ((await stat(start)).isDirectory()) return start;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What the system says names the whole path.
    const problem =
      code === "ENOENT" ? "there is no such folder" : `it cannot be looked at (${code ?? "no reason given"})`;
    throw new MahavishnuError("USAGE", `${asked}: ${problem}`, { fix: "Name a folder that exists." });
  }
  throw new MahavishnuError("USAGE", `${asked} is not a folder`, { fix: "Name the folder that it lies in." });
}

async function listFolder(path: string): Promise<Dirent[] | string> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "EACCES" || code === "EPERM" ? "permission denied" : message;
  }
}

async function findSkipReason(path: string): Promise<string | null> {
  const opened = await openWorkingTree(path);
  if (opened.tree === undefined) return opened.reason;
  const { gitDir, commonDir } = opened.tree;
  return gitDir === commonDir ? null : `a worktree of ${dirname(commonDir)}`;
}

async function compareWithFleet(
  fleet: Fleet,
  start: string,
  found: readonly string[],
): Promise<Pick<ScanResult, "added" | "missing" | "unusable" | "known"> & { readonly owned: ReadonlySet<string> }> {
  const known: Repository[] = [];
  const missing: Repository[] = [];
  const unusable: { repository: Repository; reason: string }[] = [];
  const owned = new Set<string>();
  for (const repository of fleet.repositories) {
    const opened = await openWorkingTree(repository.path);
    const { realPath = repository.path } = opened.tree ?? opened;
    owned.add(realPath);
    if (!isInside(realPath, [start]) && !isInside(repository.path, [start])) continue;
    if (opened.tree !== undefined) known.push(repository);
    else if (opened.problem === "missing") missing.push(repository);
    else unusable.push({ repository, reason: opened.reason });
  }
  const names = new Set([...fleet.byName.keys()].map((name) => name.toLowerCase()));
  const root = await realpath(fleet.root).catch(() => fleet.root);
  const added: FoundRepository[] = [];
  for (const path of found) {
    if (owned.has(path)) continue;
    const name = proposeName(path, names);
    names.add(name.toLowerCase());
    added.push({
      name,
      path: isInside(path, [root]) ? relative(root, path).replaceAll(sep, "/") || "." : path,
      url: await readOrigin(path),
    });
  }
  return { added, missing, unusable, known, owned };
}

/** The folder's name made valid; when that is taken, with its parent's name before it, then with a number. */
function proposeName(path: string, taken: ReadonlySet<string>): string {
  const own = clean(basename(path));
  const parent = clean(`${basename(dirname(path))}-${basename(path)}`);
  const isFree = (name: string): boolean => !taken.has(name.toLowerCase());
  for (const name of [own, parent]) if (isFree(name)) return name;
  for (let number = 2; ; number += 1) if (isFree(`${own}-${number}`)) return `${own}-${number}`;
}

function clean(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/\.{2,}/g, ".")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 90)
    .replace(/(?:\.lock|[.-])+$/, "");
  return repositoryNamePattern.test(name) ? name : "repository";
}

/** The URL of `origin`, without a password; read from the file, since a scan may meet a thousand repositories. */
async function readOrigin(path: string): Promise<string | null> {
  const opened = await openWorkingTree(path);
  if (opened.tree === undefined) return null;
  const text = await readFile(join(opened.tree.commonDir, "config"), "utf8").catch(() => "");
  const url = findOrigin(text);
  return url === null || findUrlProblem(url) !== null ? null : withoutSecret(url);
}

function findOrigin(config: string): string | null {
  let inside = false;
  for (const line of config.split("\n")) {
    if (line.startsWith("[")) inside = line.startsWith('[remote "origin"]');
    if (!inside) continue;
    const equals = line.indexOf("=");
    if (equals !== -1 && line.slice(0, equals).trim() === "url")
      return line
        .slice(equals + 1)
        .trim()
        .replaceAll('"', "");
  }
  return null;
}

function withoutSecret(url: string): string {
  return redactUrl(url).replace("***@", "").replace(":***@", "@");
}
