/**
 * The shapes of what commands print with `-o json` and, line by line, with `-o ndjson`. They are published as schemas/output-*.json and
 * proved against what the commands print; no command loads them.
 *
 * Documents are closed: a key that is not here is a mistake. What later versions add raises no `schemaVersion`; readers ignore
 * keys that they do not know.
 */
import * as z from "zod";
import { errorCatalogue, type ErrorCode } from "../lib/error-catalogue.ts";
import { SuiteLineSchema } from "../readiness/report/schema.ts";
import { accessExplanation, accessView, identity } from "../app/shapes/access.ts";
import { adapter, adapterHealth } from "../app/shapes/adapters.ts";
import { auditItem, auditVerdict } from "../app/shapes/audit.ts";
import { configDocument, configRemark, configValidation } from "../app/shapes/config.ts";
import { purgePreview } from "../app/shapes/purge.ts";
import { plan } from "../app/shapes/plan.ts";
import {
  checkedRepository,
  repository,
  repositoryCheck,
  repositoryGraph,
  repositoryList,
  repositoryScan,
} from "../app/shapes/repositories.ts";
import { logPiece, run, runItem, time } from "../app/shapes/runs.ts";
import { diagnostic } from "../app/shapes/texts.ts";
import { createdToken, revokedTokens, rotatedKeys, token } from "../app/shapes/tokens.ts";
import { alertRule, alertTest, silence } from "../app/shapes/alerts.ts";
import { backupItem, backupSummary, createdBackup, restoredBackup } from "../app/shapes/backups.ts";
import { logLine as serviceLogLine, logLinePage } from "../app/shapes/service-log.ts";
import { objective } from "../app/shapes/slo.ts";
import { upgradeReport } from "../app/shapes/upgrade.ts";
import { delivery, webhook } from "../app/shapes/webhooks.ts";
import { workflow, workflowFile, workflowValidation } from "../app/shapes/workflows.ts";
import { doctorReport } from "../readiness/shapes/doctor.ts";
import { explanationShape, plannedCheck } from "../readiness/shapes/plans.ts";

const json = z.json();

/** A document of its own: with its version. */
function document<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ schemaVersion: z.literal(1), ...shape });
}

/** A page of a list. */
function list<Item extends z.ZodType>(item: Item) {
  return document({ items: z.array(item), nextCursor: z.string().nullable() });
}

const errorDocument = document({
  error: z.strictObject({
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    fix: z.string(),
    diagnostics: z.array(diagnostic),
  }),
});

/** One line of `run -o ndjson`: an event as it became durable, or the whole run at its end. */
const runLine = z.union([
  z.strictObject({
    type: z.templateLiteral([z.enum(["run", "target", "step"]), ".", z.string()]),
    runId: z.string(),
    time,
    actor: z.string(),
    reason: z.string(),
    data: json,
  }),
  z.strictObject({ type: z.literal("run"), run }),
]);

const pieceLine = logPiece.omit({ cursor: true });

/** Every shape by the command that prints it; `error` is printed by all of them. `…Line` is one line of `-o ndjson`. */
export const outputSchemas = {
  error: errorDocument,
  init: document({
    folder: z.string(),
    demo: z.boolean(),
    kept: z.boolean(),
    made: z.array(z.string()),
  }),
  configShow: document(configDocument.omit({ file: true }).shape),
  configValidate: document({
    ...configValidation.pick({ valid: true, digest: true, files: true }).shape,
    remarks: z.array(configRemark.omit({ diagnostic: true })),
  }),
  reposList: list(repository).extend(repositoryList.pick({ undecided: true, hidden: true }).shape),
  reposListLine: repository,
  reposCheck: list(checkedRepository).extend(repositoryCheck.pick({ counts: true, hidden: true }).shape),
  reposCheckLine: checkedRepository,
  reposGraph: document(repositoryGraph.shape),
  reposScan: document(repositoryScan.omit({ file: true, root: true, total: true, outside: true }).shape),
  workflowsList: list(workflowFile),
  workflowsListLine: workflowFile,
  workflowsShow: document(workflow.shape),
  workflowsValidate: document(workflowValidation.shape),
  plan: document(plan.shape),
  run: document(run.shape),
  runLine,
  runsList: list(runItem),
  runsListLine: runItem,
  runsResume: z.union([document(run.shape), list(run)]),
  runsPurge: z.union([document(run.shape), document(purgePreview.shape)]),
  runsLogs: document(logLinePage.shape),
  runsLogsLine: z.union([pieceLine, serviceLogLine]),
  accessShow: document(accessView.shape),
  accessCan: document(accessExplanation.shape),
  accessWhoami: document(identity.shape),
  tokenCreate: document(createdToken.shape),
  tokenList: list(token),
  tokenListLine: token,
  tokenRevoke: document(revokedTokens.shape),
  tokenRotate: document(rotatedKeys.shape),
  adaptersList: list(adapter),
  adaptersListLine: adapter,
  adaptersHealth: list(adapterHealth),
  adaptersHealthLine: adapterHealth,
  auditList: list(auditItem),
  auditListLine: auditItem,
  auditVerify: document(auditVerdict.shape),
  auditExportLine: auditItem,
  doctor: document(doctorReport.shape),
  sloList: list(objective),
  sloListLine: objective,
  backupCreate: document(createdBackup.shape),
  backupList: list(backupItem),
  backupListLine: backupItem,
  backupVerify: document(backupSummary.shape),
  backupRestore: document(restoredBackup.shape),
  alertsList: list(alertRule),
  alertsListLine: alertRule,
  alertsSilence: document(silence.shape),
  alertsSilences: list(silence),
  alertsSilencesLine: silence,
  alertsUnsilence: document(silence.shape),
  alertsTest: document(alertTest.shape),
  upgrade: document(upgradeReport.shape),
  webhooksList: list(webhook),
  webhooksListLine: webhook,
  webhooksDeliveries: list(delivery),
  webhooksDeliveriesLine: delivery,
  webhooksRedeliver: document(delivery.shape),
  webhooksTest: document(delivery.shape),
  productionPlan: list(plannedCheck).extend({
    notAsked: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  }),
  productionPlanLine: plannedCheck,
  productionExplain: document(explanationShape),
  productionLine: SuiteLineSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** The name of a published shape. */
export type OutputName = keyof typeof outputSchemas;
