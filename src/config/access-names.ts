/** What can be done to what: every use-case asks for exactly one of these. What each role may do stands in `access/`. */
export const permissionNames = [
  "config:read",
  "repos:read",
  "workflows:read",
  "workspace:write",
  "runs:read",
  "runs:start",
  "runs:exec",
  "runs:cancel",
  "approvals:decide",
  "adapters:read",
  "readiness:run",
  "access:read",
  "access:write",
  "audit:read",
  "webhooks:read",
  "webhooks:write",
  "telemetry:read",
  "alerts:silence",
  "backups:write",
  "state:purge",
] as const;

/** The roles that are always there; `access.roles` adds others and cannot change these. */
export const roleNames = ["viewer", "runner", "editor", "approver", "operator", "admin", "worker"] as const;
