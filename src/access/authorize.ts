import { messageOf } from "../lib/errors.ts";
import { compileSelector } from "../selectors/compile-selector.ts";
import { evaluateSelector, type SelectorSubject } from "../selectors/evaluate-selector.ts";
import { manifestTerms } from "../selectors/terms.ts";
import type { Permission } from "./permissions.ts";
import { type CustomRoles, permissionsOf } from "./roles.ts";
import type { Subject } from "./subject.ts";

/** One entry of `access.bindings`: a subject has a role, for all repositories or for those that a selector picks. */
export interface Binding {
  readonly subject: string;
  readonly role: string;
  readonly where?: string | undefined;
}

/** What the door knows when it decides. */
export interface AccessPolicy {
  /** Who owns the workspace on this machine, with the role admin; null when nobody who acts does. */
  readonly localOwner: string | null;
  readonly bindings: readonly Binding[];
  /** Roles of one's own; none when left out. */
  readonly roles?: CustomRoles;
  /** Named selectors of the manifest, for `where`. */
  readonly selectors?: ReadonlyMap<string, string>;
}

/** What somebody wants to do. */
export interface AccessQuestion {
  readonly subject: Subject;
  readonly permission: Permission;
  /**
   * Repositories that it touches: rights are needed for all of them. `any`: some are enough, since the answer shows no others.
   * Left out or empty: it is about the whole workspace, which no scope covers.
   */
  readonly repositories?: readonly SelectorSubject[] | "any" | undefined;
  /** Names that the manifest does not know; no scope covers them. */
  readonly strangers?: readonly string[];
}

/** Yes or no, and which binding or lack of one decided. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/**
 * Decides whether a subject may do something. Deny by default: only a binding of the subject, or of a group of it, whose role has
 * the permission and whose scope covers every repository in question, allows it. A scope that cannot be evaluated covers nothing,
 * and any failure while deciding is a refusal.
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

/** The repositories of which a subject may see results; the others are counted and not shown. */
export function visibleRepositories<R extends SelectorSubject>(
  policy: AccessPolicy,
  subject: Subject,
  permission: Permission,
  repositories: readonly R[],
): readonly R[] {
  if (authorize(policy, { subject, permission }).allowed) return repositories;
  const scopes = readScopes(policy, givingBindings(policy, subject, permission));
  return repositories.filter((repository) => scopes.some((scope) => scope.covers(repository)));
}

function decide(policy: AccessPolicy, question: AccessQuestion): Decision {
  const { subject, permission, repositories = [], strangers = [] } = question;
  if (isLocalOwner(policy, subject)) {
    return { allowed: true, reason: `${subject.name} owns the workspace (role admin)` };
  }
  const giving = givingBindings(policy, subject, permission);
  const [first] = giving;
  if (first === undefined) return { allowed: false, reason: `${subject.name} ${tellRoles(policy, subject)}` };
  const whole = giving.find(({ where }) => where === undefined);
  if (whole !== undefined) return { allowed: true, reason: tellBinding(whole) };
  if (repositories === "any") return { allowed: true, reason: giving.map(tellBinding).join("; ") };
  const [stranger] = strangers;
  if (stranger !== undefined) return refuse(subject, `${stranger}, which is not in the manifest`);
  if (repositories.length === 0) return refuse(subject, "the whole workspace");
  const scopes = readScopes(policy, giving);
  const used = new Set<string>();
  for (const repository of repositories) {
    const scope = scopes.find((candidate) => candidate.covers(repository));
    if (scope === undefined) return refuse(subject, repository.name, scopes);
    used.add(tellBinding(scope.binding));
  }
  return { allowed: true, reason: [...used].join("; ") };
}

function refuse(subject: Subject, what: string, scopes: readonly Scope[] = []): Decision {
  const broken = scopes.flatMap(({ binding, failure }) =>
    failure === null ? [] : [`${tellBinding(binding)}: ${failure}`],
  );
  const because = broken.length === 0 ? "" : ` (${broken.join("; ")})`;
  return { allowed: false, reason: `no binding of ${subject.name} covers ${what}${because}` };
}

/** Whoever shows a token is what the token says, and never the owner of the workspace. */
function isLocalOwner({ localOwner }: AccessPolicy, { name, token }: Subject): boolean {
  return localOwner !== null && token === undefined && name === localOwner;
}

/**
 * The bindings that count for a subject. A token with a role of its own has that one and nothing of its subject's, so that it may be
 * narrower than its owner; what the configuration binds to `token:ID` comes on top.
 */
export function bindingsOf({ bindings }: AccessPolicy, { name, groups, token }: Subject): readonly Binding[] {
  const ofToken = token === undefined ? null : `token:${token.id}`;
  const own = token?.binding ?? null;
  if (ofToken !== null && own !== null) {
    return [{ subject: ofToken, ...own }, ...bindings.filter(({ subject }) => subject === ofToken)];
  }
  // A name is never taken for a group nor a group or a token for a name, whatever a token calls itself or its groups.
  return bindings.filter(({ subject }) => {
    if (subject.startsWith("group:")) return groups.includes(subject);
    return subject.startsWith("token:") ? subject === ofToken : subject === name;
  });
}

function givingBindings(policy: AccessPolicy, subject: Subject, permission: Permission): readonly Binding[] {
  return bindingsOf(policy, subject).filter(({ role }) => permissionsOf(role, policy.roles).includes(permission));
}

function tellRoles(policy: AccessPolicy, subject: Subject): string {
  const roles = [...new Set(bindingsOf(policy, subject).map(({ role }) => role))];
  return roles.length === 0 ? "has no role" : `has only ${roles.join(", ")}`;
}

/** A binding whose `where` was read. */
export interface Scope {
  readonly binding: Binding;
  /** Why the scope covers nothing, when it cannot be read. */
  readonly failure: string | null;
  covers(repository: SelectorSubject): boolean;
}

/** Reads the scope of a binding; one that cannot be read covers nothing. */
export function readScope({ selectors }: AccessPolicy, binding: Binding): Scope {
  const { where } = binding;
  if (where === undefined) return { binding, failure: null, covers: () => true };
  try {
    const context = { allowed: manifestTerms, ...(selectors === undefined ? {} : { named: selectors }) };
    const selector = compileSelector(where, "access.bindings", context);
    // What cannot be told is no.
    return { binding, failure: null, covers: (repository) => evaluateSelector(selector, repository) === true };
  } catch (error) {
    return { binding, failure: messageOf(error), covers: () => false };
  }
}

function readScopes(policy: AccessPolicy, bindings: readonly Binding[]): readonly Scope[] {
  return bindings.map((binding) => readScope(policy, binding));
}

function tellBinding({ subject, role, where }: Binding): string {
  return `${subject} is ${role}${where === undefined ? "" : ` where ${where}`}`;
}
