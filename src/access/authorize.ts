import { messageOf } from "../lib/errors.ts";
import { compileSelector } from "../selectors/compile-selector.ts";
import { evaluateSelector, type SelectorSubject } from "../selectors/evaluate-selector.ts";
import { manifestTerms } from "../selectors/terms.ts";
import type { Permission } from "./permissions.ts";
import { permissionsOf } from "./roles.ts";
import type { Subject } from "./subject.ts";

/** One entry of `access.bindings`: a subject has a role, for all repositories or for those that a selector picks. */
export interface Binding {
  readonly subject: string;
  readonly role: string;
  readonly where?: string | undefined;
}

/** What the door knows when it decides. */
export interface AccessPolicy {
  /** Who owns the workspace on this machine; role admin. */
  readonly localOwner: string;
  readonly bindings: readonly Binding[];
  /** Named selectors of the manifest, for `where`. */
  readonly selectors?: ReadonlyMap<string, string>;
}

/** What somebody wants to do. */
export interface AccessQuestion {
  readonly subject: Subject;
  readonly permission: Permission;
  /** Repositories that it touches; left out where it is about none in particular. */
  readonly repositories?: readonly SelectorSubject[];
}

/** Yes or no, and which binding or lack of one decided. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/**
 * Decides whether a subject may do something. Deny by default: only a binding of the subject, or of a group of it, whose role has
 * the permission and whose scope covers every repository in question, allows it. A failure while deciding is a refusal.
 *
 * @example
 * authorize(policy, { subject: { name: "user:dana", groups: [] }, permission: "runs:start", repositories: [gateway] }).allowed;
 */
export function authorize(policy: AccessPolicy, question: AccessQuestion): Decision {
  try {
    return decide(policy, question);
  } catch (error) {
    return { allowed: false, reason: `could not be decided: ${messageOf(error)}` };
  }
}

function decide(policy: AccessPolicy, { subject, permission, repositories }: AccessQuestion): Decision {
  if (subject.name === policy.localOwner) return { allowed: true, reason: `${subject.name} owns the workspace (role admin)` };
  const own = policy.bindings.filter((binding) => binding.subject === subject.name || subject.groups.includes(binding.subject));
  const giving = own.filter((binding) => permissionsOf(binding.role).includes(permission));
  const [first] = giving;
  if (first === undefined) {
    const has = own.length === 0 ? "has no role" : `has only ${own.map((binding) => binding.role).join(", ")}`;
    return { allowed: false, reason: `${subject.name} ${has}` };
  }
  const unscoped = giving.find((binding) => binding.where === undefined);
  if (unscoped !== undefined) return { allowed: true, reason: tellBinding(unscoped) };
  if (repositories === undefined) {
    // A list is shown with what lies outside the scope left out; anything else that is about no repository is about all.
    const isList = permission.endsWith(":read");
    return { allowed: isList, reason: isList ? tellBinding(first) : `${tellBinding(first)} covers only a part of the fleet` };
  }
  const outside = repositories.find((repository) => !giving.some((binding) => covers(policy, binding, repository)));
  if (outside !== undefined) return { allowed: false, reason: `no binding of ${subject.name} covers ${outside.name}` };
  return { allowed: true, reason: giving.map(tellBinding).join("; ") };
}

/** Whether a binding's scope holds a repository. */
function covers(policy: AccessPolicy, binding: Binding, repository: SelectorSubject): boolean {
  if (binding.where === undefined) return true;
  const context = { allowed: manifestTerms, ...(policy.selectors === undefined ? {} : { named: policy.selectors }) };
  return evaluateSelector(compileSelector(binding.where, "access.bindings", context), repository) === true;
}

function tellBinding({ subject, role, where }: Binding): string {
  return `${subject} is ${role}${where === undefined ? "" : ` where ${where}`}`;
}

/** The repositories of which a subject may see results; the others are counted and not shown. */
export function visibleRepositories<R extends SelectorSubject>(
  policy: AccessPolicy,
  subject: Subject,
  permission: Permission,
  repositories: readonly R[],
): readonly R[] {
  return repositories.filter((repository) => authorize(policy, { subject, permission, repositories: [repository] }).allowed);
}
