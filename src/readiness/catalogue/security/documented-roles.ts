import type { Permission } from "../../../access/permissions.ts";

const looking: readonly Permission[] = ["config:read", "repos:read", "workflows:read", "runs:read", "adapters:read"];

/**
 * What each role may do, written down a second time on purpose: a right that slips into the table of the product is no part of
 * this one, and shows.
 */
export const documented: Readonly<Record<string, readonly Permission[] | "all">> = {
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
  admin: "all",
  worker: ["runs:read"],
  // No role at all.
  superuser: [],
};
