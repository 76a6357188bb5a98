import type { AuditFilterInput } from "../../app/audit-view.ts";
import type { AuditFilterFlags } from "../command-options.ts";

/** What the flags ask of the trail, and nothing else of them. */
export function auditFilterOf(flags: AuditFilterFlags): AuditFilterInput {
  const { actor, action, resource, decision, since, until } = flags;
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(resource === undefined ? {} : { resource }),
    ...(decision === undefined ? {} : { decision }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}
