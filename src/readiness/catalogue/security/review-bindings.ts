import { type Binding, visibleRepositories } from "../../../access/authorize.ts";
import { permissionsOf } from "../../../access/roles.ts";
import { describeFleet } from "../../../repositories/fleet-subjects.ts";
import type { CheckContext } from "../../context.ts";

/** Bindings whose scope holds no repository of the fleet: either a mistake, or rights that wait for somebody. */
export async function findIdleScopes(context: CheckContext, bindings: readonly Binding[]): Promise<readonly string[]> {
  const fleet = await context.fleet();
  const { roles } = (await context.config()).config.access;
  const subjects = fleet.repositories.map(describeFleet(fleet));
  return bindings.flatMap((binding) => {
    const [permission] = permissionsOf(binding.role, roles);
    if (binding.where === undefined || permission === undefined || subjects.length === 0) return [];
    const policy = { localOwner: null, bindings: [binding], roles, selectors: fleet.selectors };
    const held = visibleRepositories(policy, { name: binding.subject, groups: [] }, permission, subjects);
    if (held.length > 0) return [];
    return [`${binding.subject} is ${binding.role} where ${binding.where}, which holds no repository`];
  });
}
