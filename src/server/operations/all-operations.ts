import type { Operation } from "./operation.ts";
import { accessOperations } from "./access.ts";
import { alertOperations } from "./alerts.ts";
import { auditOperations } from "./audit.ts";
import { backupOperations } from "./backups.ts";
import { fleetOperations } from "./fleet.ts";
import { purgeOperations } from "./purge.ts";
import { readinessOperations } from "./readiness.ts";
import { runOperations } from "./runs.ts";
import { serviceLogOperations } from "./service-log.ts";
import { sloOperations } from "./slo.ts";
import { webhookOperations } from "./webhooks.ts";

/** Every route of the API, one for each use-case. */
export const allOperations: readonly Operation[] = [
  ...runOperations,
  ...purgeOperations,
  ...backupOperations,
  ...fleetOperations,
  ...accessOperations,
  ...auditOperations,
  ...readinessOperations,
  ...serviceLogOperations,
  ...sloOperations,
  ...webhookOperations,
  ...alertOperations,
];
