import { type Permission, permissions } from "./permissions.ts";

const looking: readonly Permission[] = ["config:read", "repos:read", "workflows:read", "runs:read", "adapters:read"];

/**
 * The built-in roles and all that each may do. What is not listed is refused; a role that is not here may do nothing.
 * A runner starts the workflows that others wrote; ad hoc commands (`runs:exec`) are for those who could write a workflow anyway.
 * `worker` executes steps for a distributed engine and sees only what that needs.
 */
export const roles = {
  viewer: looking,
  runner: [...looking, "runs:start"],
  editor: [...looking, "runs:start", "runs:exec", "runs:cancel", "workspace:write"],
  approver: [...looking, "approvals:decide"],
  operator: [
    ...looking,
    "runs:start",
    "runs:exec",
    "runs:cancel",
    "approvals:decide",
    "readiness:run",
    "audit:read",
    "access:read",
    "webhooks:read",
    "webhooks:write",
    "telemetry:read",
    "alerts:silence",
    "backups:write",
    "state:purge",
  ],
  admin: permissions,
  worker: ["runs:read"],
} as const satisfies Record<string, readonly Permission[]>;

/** The name of a built-in role. */
export type RoleName = keyof typeof roles;

/** A role of one's own, as `access.roles` defines it. */
export interface CustomRole {
  readonly permissions: readonly Permission[];
  /** Roles whose permissions it has too. */
  readonly extends: readonly string[];
  readonly description?: string | undefined;
}

/** Roles of one's own by name. */
export type CustomRoles = Readonly<Record<string, CustomRole>>;

/**
 * The permissions of a role, in the order of `permissions`; none for a name that is no role. A built-in role is what it is,
 * whatever `custom` says.
 */
export function permissionsOf(role: string, custom: CustomRoles = {}): readonly Permission[] {
  if (Object.hasOwn(roles, role)) return roles[role as RoleName];
  const held = new Set<Permission>();
  const seen = new Set<string>();
  const collect = (name: string): void => {
    // The configuration refuses circles; here one must merely not hang.
    if (seen.has(name)) return;
    seen.add(name);
    if (Object.hasOwn(roles, name)) for (const permission of roles[name as RoleName]) held.add(permission);
    else if (Object.hasOwn(custom, name)) {
      const definition = custom[name];
      for (const permission of definition?.permissions ?? []) held.add(permission);
      for (const base of definition?.extends ?? []) collect(base);
    }
  };
  collect(role);
  return permissions.filter((permission) => held.has(permission));
}

/** Whether a name is a role: built in, or one of `custom`. */
export function isRole(name: string, custom: CustomRoles = {}): boolean {
  return Object.hasOwn(roles, name) || Object.hasOwn(custom, name);
}
