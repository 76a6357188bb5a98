import type { Diagnostic } from "../lib/diagnostics.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Fleet } from "../repositories/types.ts";
import { manifestTerms } from "../selectors/terms.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { AppContext } from "./app-context.ts";

/** What is wrong with the scopes of `access.bindings` over a fleet: selectors, roles and repositories that it does not know. */
export function findScopeProblems({ diagnoseScopes }: LoadedConfig, fleet: Fleet): Diagnostic[] {
  return diagnoseScopes({
    named: fleet.selectors,
    roles: [...fleet.roles.keys()],
    repositories: [...fleet.byName.keys()],
    allowed: manifestTerms,
  });
}

/** The same for a workspace whose manifest may be wrong: then that is what is to be mended first, and `repos check` names it. */
export async function tryFindScopeProblems(context: AppContext): Promise<Diagnostic[]> {
  if (context.loaded.config.access.bindings.every(({ where }) => where === undefined)) return [];
  try {
    return findScopeProblems(context.loaded, await context.fleet());
  } catch (error) {
    if (error instanceof MahavishnuError) return [];
    throw error;
  }
}
