import {
  type AccessPolicy,
  type AccessQuestion,
  authorize,
  type Binding,
  bindingsOf,
  type Decision,
  readScope,
} from "./authorize.ts";
import { isRole, permissionsOf } from "./roles.ts";

/** One binding of a subject, and what it does for a question. */
export interface ConsideredBinding extends Binding {
  /** Whether it allows the whole or a part of what is asked. */
  readonly helps: boolean;
  /** What it lacks to allow all of it alone; null when it lacks nothing. */
  readonly lacks: string | null;
}

/** A decision with what led to it. */
export interface Explained extends Decision {
  /** Every binding of the subject, those that help first. */
  readonly considered: readonly ConsideredBinding[];
}

/**
 * The decision that the door would make, with every binding of the subject: what it does for it, and what it lacks.
 *
 * @example
 * explainAccess(policy, { subject, permission: "runs:start", repositories: [gateway] }).considered[0]?.lacks;
 */
export function explainAccess(policy: AccessPolicy, question: AccessQuestion): Explained {
  const considered = bindingsOf(policy, question.subject).map((binding) => consider(policy, question, binding));
  const inOrder = [...considered.filter(({ helps }) => helps), ...considered.filter(({ helps }) => !helps)];
  return { ...authorize(policy, question), considered: inOrder };
}

function consider(policy: AccessPolicy, question: AccessQuestion, binding: Binding): ConsideredBinding {
  const { permission, repositories = [], strangers = [] } = question;
  const { role, where } = binding;
  const not = (lacks: string): ConsideredBinding => ({ ...binding, helps: false, lacks });
  if (!isRole(role, policy.roles)) return not(`there is no role ${role}`);
  if (!permissionsOf(role, policy.roles).includes(permission)) return not(`the role ${role} has no ${permission}`);
  if (where === undefined || repositories === "any") return { ...binding, helps: true, lacks: null };
  const scope = readScope(policy, binding);
  if (scope.failure !== null) return not(`its scope cannot be read: ${scope.failure}`);
  if (repositories.length + strangers.length === 0) return not("a scope never covers the whole workspace");
  const missed = repositories.filter((repository) => !scope.covers(repository)).map(({ name }) => name);
  const all = [...missed, ...strangers.map((name) => `${name}, which is not in the manifest`)];
  if (all.length === 0) return { ...binding, helps: true, lacks: null };
  const few = all.slice(0, 5).join(", ");
  const more = all.length > 5 ? `, and ${all.length - 5} more` : "";
  return { ...binding, helps: missed.length < repositories.length, lacks: `its scope does not cover ${few}${more}` };
}
