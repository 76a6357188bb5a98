import { sep } from "node:path";
import type { RepositoryFinding } from "./findings.ts";
import type { Repository } from "./types.ts";
import type { OpenedTree } from "./working-tree.ts";

/** A repository and what was found at its path. */
export interface OpenedRepository {
  readonly repository: Repository;
  readonly opened: OpenedTree;
}

/** Findings by the name of the repository. */
export type FindingsByName = ReadonlyMap<string, readonly RepositoryFinding[]>;

/**
 * Finds repositories that are the same folder (written twice, or by a symbolic link) and repositories inside others.
 * The later one of a pair carries the finding and names the other.
 */
export function findConflicts(all: readonly OpenedRepository[]): FindingsByName {
  const places = all.map(describePlace);
  const findings = new Map<string, RepositoryFinding[]>();
  const add = ({ repository: { name } }: Place, finding: RepositoryFinding): void => {
    findings.set(name, [...(findings.get(name) ?? []), finding]);
  };
  const unique = new Map<string, Place>();
  for (const place of places) {
    const first = unique.get(place.identity);
    if (first === undefined) unique.set(place.identity, place);
    else add(place, describeTwin(place, first));
  }
  for (const [inner, outer] of findNested([...unique.values()])) add(inner, describeNesting(inner, outer));
  return findings;
}

interface Place {
  readonly repository: Repository;
  readonly realPath: string;
  /** The same for the same folder, whatever its paths are. */
  readonly identity: string;
}

function describePlace({ repository, opened }: OpenedRepository): Place {
  const { realPath = repository.path, identity = `path ${realPath}` } = opened.tree ?? opened;
  return { repository, realPath, identity };
}

function describeTwin({ repository, realPath }: Place, first: Place): RepositoryFinding {
  const other = first.repository;
  const where = `"${other.name}" (${other.place.file}:${other.place.line})`;
  const common = { severity: "error", other: other.name, fix: "Keep one of the two entries." } as const;
  if (repository.path === other.path) return { ...common, code: "duplicate", message: `has the same path as ${where}` };
  const byLink = realPath === first.realPath;
  const how = byLink ? "by a symbolic link" : "under another name";
  return {
    ...common,
    code: byLink ? "alias" : "duplicate",
    message: `is the same folder as ${where} ${how}: ${realPath}`,
  };
}

function describeNesting(inner: Place, outer: Place): RepositoryFinding {
  const { name, place } = outer.repository;
  return {
    code: "nested",
    severity: "error",
    other: name,
    message: `lies inside "${name}" (${place.file}:${place.line}): ${inner.realPath} is below ${outer.realPath}`,
    fix: "Move one of them, so that a change of the one is never a change of the other.",
  };
}

/** Pairs of an inner place and the nearest outer one. Sorted, everything below a folder follows it at once. */
function findNested(places: readonly Place[]): [Place, Place][] {
  const sorted = places
    .map((place) => ({ place, prefix: place.realPath.endsWith(sep) ? place.realPath : `${place.realPath}${sep}` }))
    .toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
  const pairs: [Place, Place][] = [];
  const outers: typeof sorted = [];
  for (const entry of sorted) {
    while (outers.length > 0 && !entry.prefix.startsWith(outers.at(-1)?.prefix ?? "")) outers.pop();
    const outer = outers.at(-1);
    if (outer !== undefined) pairs.push([entry.place, outer.place]);
    outers.push(entry);
  }
  return pairs;
}
