import type { Fleet } from "../repositories/types.ts";
import { termNames } from "../selectors/terms.ts";
import type { SelectorContext } from "../selectors/compile-selector.ts";
import { showVisible } from "./access-policy.ts";
import type { AppContext } from "./app-context.ts";

/** The fleet as somebody may see it. */
export interface VisibleFleet {
  /** Nothing of it names a repository that is hidden, `needs` neither. */
  readonly fleet: Fleet;
  /** How many repositories of the manifest are left out. It depends on no selector: counts would tell what one fits. */
  readonly hidden: number;
  /** How many the manifest has. */
  readonly total: number;
  /** What a selector may name here; the fleet's own names when left out. */
  readonly names?: SelectorContext;
}

/** Takes away the repositories that the subject may not see; of the fleet as it is shown when none is given. */
export async function readVisibleFleet(context: AppContext, fleet?: Fleet): Promise<VisibleFleet> {
  const whole = fleet ?? (await context.fleet());
  const total = whole.repositories.length;
  const { repositories: seen, hidden } = await showVisible(context, "repos:read", whole.repositories);
  if (hidden === 0) return { fleet: whole, hidden, total };
  const known = new Set(seen.map(({ name }) => name));
  const repositories = seen.map((repository) => ({
    ...repository,
    needs: repository.needs.filter((need) => known.has(need)),
  }));
  const byName = new Map(repositories.map((repository) => [repository.name, repository]));
  // That a repository is unknown is no error here: named selectors may rightly name hidden ones, and nobody learns which there are.
  const names = { named: whole.selectors, roles: [...whole.roles.keys()], allowed: new Set(termNames) };
  return { fleet: { ...whole, repositories, byName }, hidden, total, names };
}
