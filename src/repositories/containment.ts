import { readlink, realpath, realpathSync } from "node:fs";
import { basename, dirname, join, parse, resolve, sep } from "node:path";
import { MahavishnuError, UserFileError } from "../lib/errors.ts";
import { mapLimited } from "../lib/semaphore.ts";
import type { Fleet, Repository } from "./types.ts";

/** A repository whose path leaves the allowed roots. */
export interface Escape {
  readonly repository: Repository;
  /** Where the path really leads. */
  readonly realPath: string;
  /** True when only a symbolic link leads outside; false when the path itself does. */
  readonly bySymlink: boolean;
}

/** Paths resolved at the same time: enough to keep a disk busy. */
const parallelism = 16;
/** Links that are followed by hand before a path counts as a circle; Linux stops at 40 too. */
const maxLinks = 40;

/** The allowed roots with their symbolic links resolved; a root that does not exist is resolved as far as it does. */
export async function resolveRoots(roots: readonly string[]): Promise<string[]> {
  return await Promise.all(roots.map(resolveAsFarAsPossible));
}

/** True when a resolved path is one of the resolved roots or lies below one. */
export function isInside(realPath: string, realRoots: readonly string[]): boolean {
  return realRoots.some(
    (root) => realPath === root || realPath.startsWith(root.endsWith(sep) ? root : `${root}${sep}`),
  );
}

/**
 * Follows all symbolic links of a path. Of a path that does not exist (or may not be read), the part that does is
 * resolved and the rest is kept; a link whose target is gone is followed too, so that it cannot hide where it leads.
 */
export async function resolveAsFarAsPossible(path: string, links: number = maxLinks): Promise<string> {
  const rest: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(await resolveLinks(at), ...rest.toReversed());
    } catch {
      const target = await readLinkOf(at);
      if (target !== null && links > 0) {
        // The link's own folder exists, since the link could be read; `..` of the target counts from where it really is.
        const folder = await resolveLinks(dirname(at));
        return await resolveAsFarAsPossible(resolve(folder, target, ...rest.toReversed()), links - 1);
      }
      if (at === parse(at).root) return path;
      rest.push(basename(at));
    }
  }
}

/** With a callback, since loading `node:fs/promises` for it costs 2 ms. */
function resolveLinks(path: string): Promise<string> {
  return new Promise((done, failed) => {
    realpath.native(path, (error, resolved) => {
      if (error === null) done(resolved);
      else failed(error);
    });
  });
}

function readLinkOf(path: string): Promise<string | null> {
  return new Promise((done) => {
    readlink(path, (error, target) => {
      done(error === null ? target : null);
    });
  });
}

/** The repositories whose real path lies under none of the fleet's allowed roots, in the order given. */
export async function findEscapes(fleet: Fleet, repositories: readonly Repository[]): Promise<Escape[]> {
  const roots = await resolveRoots(fleet.allowedRoots);
  const found = await mapLimited(repositories, parallelism, async (repository): Promise<Escape | null> => {
    const realPath = await resolveAsFarAsPossible(repository.path);
    return isInside(realPath, roots) ? null : describeEscape(repository, realPath, [...roots, ...fleet.allowedRoots]);
  });
  return found.filter((escape) => escape !== null);
}

/** Tells a path that leaves the roots as written from one that a symbolic link leads away. */
export function describeEscape(repository: Repository, realPath: string, roots: readonly string[]): Escape {
  return { repository, realPath, bySymlink: isInside(repository.path, roots) };
}

/**
 * Refuses repositories outside the allowed roots. Whatever acts on repositories calls this first;
 * `selectRepositories` does it for its callers.
 *
 * @throws MahavishnuError `REPOSITORY_OUTSIDE_ROOTS` that shows each of them in the manifest.
 */
export async function assertContained(fleet: Fleet, repositories: readonly Repository[]): Promise<void> {
  const escapes = await findEscapes(fleet, repositories);
  if (escapes.length === 0) return;
  const code = "REPOSITORY_OUTSIDE_ROOTS";
  const told = escapes.map((escape) => ({
    repository: escape.repository,
    message: `repository "${escape.repository.name}" is outside the allowed folders: ${explainEscape(escape, fleet.allowedRoots)}`,
  }));
  const { diagnosePath } = fleet;
  if (diagnosePath !== undefined) {
    throw new UserFileError(
      told.map(({ repository, message }) => diagnosePath(repository, message)),
      code,
    );
  }
  throw new MahavishnuError(code, told.map(({ message }) => message).join("\n"));
}

/**
 * Refuses a repository whose path leads out of the allowed roots now, whatever it did when its run was planned.
 *
 * @throws MahavishnuError `REPOSITORY_OUTSIDE_ROOTS`
 */
export async function assertStillContained(
  repository: Pick<Repository, "name" | "path">,
  roots: readonly string[],
): Promise<void> {
  if (isInsideNow(repository.path, roots)) return;
  const realRoots = await resolveRoots(roots);
  const realPath = await resolveAsFarAsPossible(repository.path);
  if (isInside(realPath, realRoots)) return;
  const bySymlink = isInside(repository.path, [...realRoots, ...roots]);
  const how = explainEscape({ repository, realPath, bySymlink }, roots);
  throw new MahavishnuError(
    "REPOSITORY_OUTSIDE_ROOTS",
    `${repository.name} is outside the allowed folders: ${how}; nothing was done there`,
  );
}

/** The quick answer for what exists: every target of a run asks, and a turn of the thread pool costs ten times the look itself. */
function isInsideNow(path: string, roots: readonly string[]): boolean {
  try {
    return isInside(
      realpathSync.native(path),
      roots.map((root) => realpathSync.native(root)),
    );
  } catch {
    return false;
  }
}

/** Where a path leads instead, without the repository's name and place. */
export function explainEscape(
  { repository, realPath, bySymlink }: Omit<Escape, "repository"> & { readonly repository: Pick<Repository, "path"> },
  roots: readonly string[],
): string {
  const how = bySymlink
    ? `a symbolic link in ${repository.path} leads to ${realPath}`
    : `its path is ${repository.path}`;
  return `${how}, not under ${roots.join(" or ")}`;
}
