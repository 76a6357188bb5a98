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
  ],
  admin: permissions,
  worker: ["runs:read"],
} as const satisfies Record<string, readonly Permission[]>;

/** The name of a built-in role. */
export type RoleName = keyof typeof roles;

/** The permissions of a role; none for a name that is no role. */
export function permissionsOf(role: string): readonly Permission[] {
  return Object.hasOwn(roles, role) ? roles[role as RoleName] : [];
}
