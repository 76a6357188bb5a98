import { authorize, bindingsOf } from "../../access/authorize.ts";
import { explainAccess as explain } from "../../access/explain-access.ts";
import { type Permission, permissions } from "../../access/permissions.ts";
import { permissionsOf, roles as builtIn } from "../../access/roles.ts";
import type { TokenRow } from "../../store/identity-contract.ts";
import { describeAccessPolicy, readAccessPolicy, subjectsOf } from "../access-policy.ts";
import { readPermission, readResource, readSubject } from "../access-question.ts";
import type { AppContext } from "../app-context.ts";
import { describeToken } from "../describe-token.ts";
import { defineUseCase } from "../use-case.ts";

/** A role and all that it may do. */
export interface RoleItem {
  readonly name: string;
  readonly builtIn: boolean;
  readonly description: string | null;
  /** Also those that it takes over. */
  readonly permissions: readonly Permission[];
  /** Roles that it takes permissions over from. */
  readonly extends: readonly string[];
}

/** Who has which role where. */
export interface BindingItem {
  readonly subject: string;
  readonly role: string;
  /** A selector of repositories; null for all. */
  readonly where: string | null;
}

/** A binding, and where it was given. */
export interface ShownBinding extends BindingItem {
  readonly from: "configuration" | "token";
}

/** Who may do what in a workspace. */
export interface AccessView {
  /** Who owns the workspace on the machine where it is; null when nobody who asks there does. */
  readonly localOwner: string | null;
  readonly roles: readonly RoleItem[];
  /** Those of the configuration, and those of tokens that count now. */
  readonly bindings: readonly ShownBinding[];
  /** The OIDC issuer whose tokens count; null when there is none. */
  readonly oidc: { readonly issuer: string; readonly audience: string } | null;
}

/** `access show`. */
export const showAccess = defineUseCase<Record<string, never>, AccessView>({
  name: "showAccess",
  permission: "access:read",
  writes: false,
  resource: () => ({ name: "access" }),
  run: async (context) => {
    const { access, auth } = context.loaded.config;
    const { issuer, audience } = auth.oidc ?? {};
    const configured = access.bindings.map(({ subject, role, where = null }): ShownBinding => ({
      subject,
      role,
      where,
      from: "configuration",
    }));
    return {
      localOwner: context.localOwner,
      roles: listRoles(context),
      bindings: [...configured, ...(await listTokenBindings(context))],
      oidc: issuer === undefined || audience === undefined ? null : { issuer, audience },
    };
  },
});

function listRoles(context: AppContext): RoleItem[] {
  const custom = context.loaded.config.access.roles;
  const known = Object.keys(builtIn).map((name): RoleItem => ({
    name,
    builtIn: true,
    description: null,
    permissions: permissionsOf(name),
    extends: [],
  }));
  const own = Object.entries(custom).map(([name, role]): RoleItem => ({
    name,
    builtIn: false,
    description: role.description ?? null,
    permissions: permissionsOf(name, custom),
    extends: role.extends,
  }));
  return [...known, ...own];
}

const pageSize = 500;

async function listTokenBindings(context: AppContext): Promise<ShownBinding[]> {
  const store = await context.history();
  const found: ShownBinding[] = [];
  const now = Date.now();
  for (let before: number | undefined; ;) {
    const rows: readonly TokenRow[] = await store.listTokens({
      limit: pageSize,
      ...(before === undefined ? {} : { beforePosition: before }),
    });
    for (const row of rows) {
      const { id, role, where, state } = describeToken(row, now);
      if (role !== null && state === "valid") found.push({ subject: `token:${id}`, role, where, from: "token" });
    }
    if (rows.length < pageSize) return found;
    before = rows.at(-1)?.position;
  }
}

/** What to explain. */
export interface ExplainAccessInput {
  /** `user:dana`, `service:ci`, `local:ada`, `group:edge` or `token:ID`. */
  readonly subject: string;
  /** Groups that the subject would be in, each as `group:NAME`. */
  readonly groups?: readonly string[];
  /** A permission, such as `runs:start`. */
  readonly action: string;
  /** A repository, `run:ID` or `workflow:NAME`; the whole workspace when left out. */
  readonly resource?: string;
}

/** Whether somebody may do something, and why. */
export interface AccessExplanation {
  readonly subject: string;
  readonly action: Permission;
  readonly resource: string;
  /** Repositories that it touches; none for the whole workspace. */
  readonly repositories: readonly string[];
  readonly allowed: boolean;
  /** Which binding decided, or what is missing. */
  readonly reason: string;
  /** Every binding of the subject: what it does for this, and what it lacks. */
  readonly considered: readonly ConsideredItem[];
}

/** One binding of a subject, and what it does for a question. */
export interface ConsideredItem extends BindingItem {
  /** Whether it allows the whole or a part. */
  readonly helps: boolean;
  /** What it lacks to allow all of it alone; null when nothing. */
  readonly lacks: string | null;
}

/** `access can`. */
export const explainAccess = defineUseCase<ExplainAccessInput, AccessExplanation>({
  name: "explainAccess",
  permission: "access:read",
  writes: false,
  resource: () => ({ name: "access" }),
  run: async (context, input) => {
    const permission = readPermission(input.action);
    const subject = await readSubject(context, input.subject, input.groups ?? []);
    const resource = await readResource(context, input.resource);
    const policy = await readAccessPolicy(context);
    const touched = subjectsOf(await context.fleet(), resource.repositories);
    const { allowed, reason, considered } = explain(policy, { subject, permission, ...touched });
    return {
      subject: input.subject,
      action: permission,
      resource: resource.name,
      repositories: resource.repositories,
      allowed,
      reason,
      considered: considered.map(({ subject: bound, role, where = null, helps, lacks }) => ({
        subject: bound,
        role,
        where,
        helps,
        lacks,
      })),
    };
  },
});

/** Who asks, and what they may do. */
export interface Identity {
  readonly subject: string;
  readonly groups: readonly string[];
  /** The token of this workspace that was shown; null when it was none. */
  readonly tokenId: string | null;
  /** Whether they own the workspace on this machine. */
  readonly isOwner: boolean;
  readonly bindings: readonly BindingItem[];
  /** What they may do in the whole workspace. */
  readonly permissions: readonly Permission[];
  /** What they may do to a part of the repositories alone. */
  readonly scoped: readonly Permission[];
}

/** `access whoami`: who has no role at all is refused, and told by which name. */
export const whoAmI = defineUseCase<Record<string, never>, Identity>({
  name: "whoAmI",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "identity", repositories: "any" }),
  run: async (context) => {
    const { subject } = context;
    const policy = describeAccessPolicy(context);
    const whole = permissions.filter((permission) => authorize(policy, { subject, permission }).allowed);
    const somewhere = permissions.filter(
      (permission) => authorize(policy, { subject, permission, repositories: "any" }).allowed,
    );
    return await Promise.resolve({
      subject: subject.name,
      groups: subject.groups,
      tokenId: subject.token?.id ?? null,
      isOwner: subject.token === undefined && subject.name === context.localOwner,
      bindings: bindingsOf(policy, subject).map(({ subject: bound, role, where = null }) => ({
        subject: bound,
        role,
        where,
      })),
      permissions: whole,
      scoped: somewhere.filter((permission) => !whole.includes(permission)),
    });
  },
});
