import { type AccessPolicy, visibleRepositories } from "../access/authorize.ts";
import type { Permission } from "../access/permissions.ts";
import type { Fleet, Repository } from "../repositories/types.ts";
import { describeFleet } from "../repositories/fleet-subjects.ts";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import type { AppContext } from "./app-context.ts";

/** The policy of a workspace without the manifest, so without the named selectors: for questions that no scope answers. */
export function describeAccessPolicy({ localOwner, loaded }: AppContext): AccessPolicy {
  const { bindings, roles } = loaded.config.access;
  return { localOwner, bindings, roles };
}

/** The policy of a workspace, with the named selectors that scopes may use. */
export async function readAccessPolicy(context: AppContext): Promise<AccessPolicy> {
  const { selectors } = await context.fleet();
  return { ...describeAccessPolicy(context), selectors };
}

/** Repositories as scopes see them. Names that are no longer in the manifest are strangers: no scope may cover them. */
export function subjectsOf(
  fleet: Fleet,
  names: readonly string[],
): { readonly repositories: readonly SelectorSubject[]; readonly strangers: readonly string[] } {
  const describe = describeFleet(fleet);
  const known = names.flatMap((name) => fleet.byName.get(name) ?? []);
  return { repositories: known.map(describe), strangers: names.filter((name) => !fleet.byName.has(name)) };
}

/** What a subject may see of some repositories; the others are counted, and nothing else is said of them. */
export interface Visible {
  readonly repositories: readonly Repository[];
  readonly hidden: number;
}

/** Takes away the repositories that the subject of this command may not see. */
export async function showVisible(
  context: AppContext,
  permission: Permission,
  repositories: readonly Repository[],
): Promise<Visible> {
  if (context.subject.name === context.localOwner) return { repositories, hidden: 0 };
  const policy = await readAccessPolicy(context);
  const describe = describeFleet(await context.fleet());
  const subjects = repositories.map((repository) => describe(repository));
  const seen = new Set(visibleRepositories(policy, context.subject, permission, subjects).map(({ name }) => name));
  const visible = repositories.filter(({ name }) => seen.has(name));
  return { repositories: visible, hidden: repositories.length - visible.length };
}
