import { relative, sep } from "node:path";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import type { Fleet, Repository } from "./types.ts";

/**
 * What the manifest alone tells a selector about each repository. `dependents:` is looked up once for each name and
 * kept for as long as the returned function is.
 *
 * @example
 * const subjectOf = describeFleet(fleet);
 * matchesSelector(compileSelector("tag:team/edge", "x", { allowed: manifestTerms }), subjectOf(repository));
 */
export function describeFleet(fleet: Fleet): (repository: Repository) => SelectorSubject {
  const dependents = new Map<string, ReadonlySet<string>>();
  return (repository) => ({
    name: repository.name,
    path: relative(fleet.root, repository.path).replaceAll(sep, "/") || ".",
    ...(repository.role === undefined ? {} : { role: repository.role }),
    tags: repository.tags,
    needs: repository.needs,
    dependsOn: (name) => {
      let found = dependents.get(name);
      if (found === undefined) dependents.set(name, (found = findDependents(fleet, name)));
      return found.has(repository.name);
    },
  });
}

/** Names of the repositories that depend on one, directly or through others; itself not among them. */
export function findDependents(fleet: Fleet, name: string): Set<string> {
  const edges = fleet.repositories.flatMap((repository) =>
    repository.needs.map((need) => ({ from: repository.name, need })),
  );
  const direct = Map.groupBy(edges, ({ need }) => need);
  const found = new Set<string>();
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const { from: dependent } of direct.get(next) ?? []) {
      if (found.has(dependent)) continue;
      found.add(dependent);
      waiting.push(dependent);
    }
  }
  return found;
}
