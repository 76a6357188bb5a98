import { resolve } from "node:path";
import type { CheckedRepository } from "../repositories/check-repositories.ts";
import { isInside } from "../repositories/containment.ts";
import type { RepositoryFinding } from "../repositories/findings.ts";
import { redactUrl } from "../repositories/repository-url.ts";
import type { FoundRepository, ScanResult } from "../repositories/scan.ts";
import type { Fleet, GitFacts, Repository } from "../repositories/types.ts";

/** A repository of the manifest, as documents tell it. */
export interface RepositoryItem {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Without a password or token. */
  readonly url: string | null;
  readonly branch: string | null;
  readonly role: string | null;
  readonly tags: readonly string[];
  readonly needs: readonly string[];
  readonly optional: boolean;
  readonly place: { readonly file: string; readonly line: number };
}

/** A repository as it was found on disk. */
export interface CheckedItem {
  readonly name: string;
  readonly path: string;
  /** The worst severity of its findings; notes leave it `ok`. */
  readonly state: "ok" | "warning" | "error";
  readonly findings: readonly RepositoryFinding[];
  /** Null when git could not be asked. */
  readonly facts: GitFacts | null;
}

/** Where a document's repositories come from. */
export interface FleetPlace {
  /** The manifest, as shown to the user. */
  readonly file: string;
  /** Absolute folder where relative paths of the manifest start. */
  readonly root: string;
  /** How many repositories the manifest has. */
  readonly total: number;
}

/** What a folder holds compared with the manifest. */
export interface ScanDocument extends FleetPlace {
  readonly folder: string;
  readonly added: readonly FoundRepository[];
  readonly missing: readonly RepositoryItem[];
  readonly unusable: readonly (RepositoryItem & { readonly reason: string })[];
  /** Names. */
  readonly known: readonly string[];
  readonly skipped: ScanResult["skipped"];
  readonly unreadable: ScanResult["unreadable"];
  /** Whether some of what was found lies outside of the folders that repositories may lie in. */
  readonly outside: boolean;
}

/** A repository of the manifest for readers: nothing is left out, and no URL holds a password. */
export function describeRepository(repository: Repository): RepositoryItem {
  const { name, path, url, branch, role, tags, needs, optional, place } = repository;
  return {
    name,
    path,
    url: url === undefined ? null : redactUrl(url),
    branch: branch ?? null,
    role: role ?? null,
    tags,
    needs,
    optional,
    place,
  };
}

/**
 * A repository as it was found, for readers.
 *
 * @param isKnown Whether the reader may know of a repository; findings that name another one say only that there is one.
 */
export function describeChecked(
  { repository, state, findings, facts }: CheckedRepository,
  isKnown: (name: string) => boolean,
): CheckedItem {
  const told = findings.map((finding) =>
    finding.other === undefined || isKnown(finding.other) ? finding : veil(finding),
  );
  return { name: repository.name, path: repository.path, state, findings: told, facts };
}

/** The finding stays, since it is one of the reader's repository. */
function veil({ code, severity, fix }: RepositoryFinding): RepositoryFinding {
  return { code, severity, message: "conflicts with a repository that you may not see", fix };
}

/** Where repositories come from, for readers. */
export function placeFleet({ file, root, repositories }: Fleet): FleetPlace {
  return { file, root, total: repositories.length };
}

/** What a scan has found, for readers. */
export function describeScan(fleet: Fleet, scan: ScanResult): ScanDocument {
  const { folder, added, missing, unusable, known, skipped, unreadable } = scan;
  const roots = [fleet.root, ...fleet.allowedRoots];
  return {
    folder,
    added,
    missing: missing.map(describeRepository),
    unusable: unusable.map(({ repository, reason }) => ({ ...describeRepository(repository), reason })),
    known: known.map(({ name }) => name),
    skipped,
    unreadable,
    ...placeFleet(fleet),
    outside: added.some(({ path }) => !isInside(resolve(fleet.root, path), roots)),
  };
}
