/** What can be done to what: every use-case asks for exactly one of these. */
export const permissions = [
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
] as const;

/** One permission: resource and action. */
export type Permission = (typeof permissions)[number];
