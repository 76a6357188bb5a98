import * as shapes from "../../app/shapes/audit.ts";
import { exportAudit, listAudit, verifyAudit } from "../../app/use-cases/audit.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "audit";

/** Who did what. */
export const auditOperations: readonly Operation[] = [
  operation(tag, {
    useCase: listAudit,
    method: "GET",
    path: "/v1/audit",
    summary: "Lists entries of the audit trail, the newest first",
    input: shapes.listAuditInput,
    output: shapes.auditPage,
  }),
  operation(tag, {
    useCase: verifyAudit,
    method: "GET",
    path: "/v1/audit/verify",
    summary: "Follows the whole chain, and finds what was edited, removed or put elsewhere",
    input: shapes.verifyAuditInput,
    output: shapes.auditVerdict,
  }),
  operation(tag, {
    useCase: exportAudit,
    method: "GET",
    path: "/v1/audit/export",
    summary: "Writes entries as CSV or NDJSON, the oldest first",
    input: shapes.exportAuditInput,
    output: shapes.auditExport,
  }),
];
