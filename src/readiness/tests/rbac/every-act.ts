import type { AppContext } from "../../../app/app-context.ts";
import type { UseCase } from "../../../app/use-case.ts";
import { endSilence, listAlerts, listSilences, silenceAlert, testAlert } from "../../../app/use-cases/alerts.ts";
import { createBackup, listBackups, verifyBackup } from "../../../app/use-cases/backups.ts";
import { readMetrics } from "../../../app/use-cases/metrics.ts";
import { previewPurge, startPurge } from "../../../app/use-cases/purge.ts";
import { restoreState } from "../../../app/use-cases/restore.ts";
import { readServiceLog } from "../../../app/use-cases/service-log.ts";
import { listObjectives } from "../../../app/use-cases/slo.ts";
import { upgradeState } from "../../../app/use-cases/upgrade.ts";
import { explainAccess, showAccess, whoAmI } from "../../../app/use-cases/access.ts";
import { checkAdapterHealth, listAdapters } from "../../../app/use-cases/adapters.ts";
import { exportAudit, listAudit, verifyAudit } from "../../../app/use-cases/audit.ts";
import { readConfig, validateConfig } from "../../../app/use-cases/config.ts";
import { planRun } from "../../../app/use-cases/plan-run.ts";
import { checkFleetRepositories, listRepositories, scanRepositories } from "../../../app/use-cases/repos.ts";
import {
  cancelRun,
  followRun,
  followRunLogs,
  listInterruptedRuns,
  listRuns,
  readRunEvents,
  readRunLogs,
  resumeRun,
  retryRun,
  showRun,
} from "../../../app/use-cases/runs.ts";
import { execCommand, startRun } from "../../../app/use-cases/start-run.ts";
import { createToken, listTokens, revokeToken, rotateKeys } from "../../../app/use-cases/tokens.ts";
import { listWebhookDeliveries, listWebhooks, redeliverWebhook, testWebhook } from "../../../app/use-cases/webhooks.ts";
import { listWorkflows, showWorkflow, validateWorkflows } from "../../../app/use-cases/workflows.ts";
import { MahavishnuError } from "../../../lib/errors.ts";
import { makeRegistry } from "../../registry.ts";
import {
  cancelSuite,
  checkReadiness,
  followSuite,
  listSuites,
  makeExplainCheck,
  planSuite,
  proveReadiness,
  showSuite,
  startSuite,
} from "../../suite-use-cases.ts";
import type { Door, DoorWorld } from "./door-world.ts";

/** One thing that can be asked of the door, with an input that makes sense. */
export interface EveryAct {
  readonly name: string;
  readonly writes: boolean;
  /** Asks, and waits for what it begins. Whatever is thrown is passed on. */
  ask(door: Door, app: AppContext): Promise<unknown>;
}

/** The catalogue cannot be here: it holds this file. The door is the same. */
const explainNothing = makeExplainCheck(async () => await Promise.resolve(makeRegistry([])));

/** Every use-case of the product. A test compares this list with the source, so that none is forgotten. */
export function everyAct({ runs }: DoorWorld): readonly EveryAct[] {
  const one = { id: runs.both };
  // Whoever may ask hears that there is none.
  const noSuite = { id: "0".repeat(10) };
  return [
    act(readConfig, {}),
    act(validateConfig, {}),
    act(listRepositories, {}),
    act(checkFleetRepositories, {}),
    act(scanRepositories, { folder: "." }),
    act(listWorkflows, {}),
    act(showWorkflow, { name: "touch" }),
    act(validateWorkflows, {}),
    act(planRun, { workflow: "touch", inputs: {} }),
    act(listRuns, { limit: 10 }),
    act(showRun, one),
    act(readRunEvents, one),
    act(readRunLogs, one),
    act(followRun, one),
    act(followRunLogs, one),
    act(listInterruptedRuns, {}),
    act(listAdapters, {}),
    act(checkAdapterHealth, {}),
    act(showAccess, {}),
    act(explainAccess, { subject: "user:dana", action: "runs:start", resource: "alpha" }),
    act(whoAmI, {}),
    act(listTokens, { limit: 10 }),
    act(createToken, { subject: "service:asked", role: "worker" }),
    act(revokeToken, { subject: "service:asked" }),
    act(rotateKeys, {}),
    act(listAudit, { limit: 10 }),
    act(verifyAudit, {}),
    act(exportAudit, { format: "csv" }),
    act(startRun, { workflow: "touch", inputs: {} }),
    act(resumeRun, one),
    act(retryRun, one),
    act(execCommand, { command: ["true"] }),
    act(cancelRun, { ...one, reason: "asked by the suite", atOnce: true }),
    act(checkReadiness, async () => await Promise.resolve()),
    act(proveReadiness, async () => await Promise.resolve()),
    letIn(startSuite, { command: "check-config" }),
    act(listSuites, {}),
    act(showSuite, noSuite),
    act(followSuite, noSuite),
    act(cancelSuite, noSuite),
    letIn(planSuite, { command: "check-config" }),
    act(explainNothing, { id: "CFG001" }),
    act(listWebhooks, {}),
    act(listWebhookDeliveries, { limit: 10 }),
    act(redeliverWebhook, { id: "none" }),
    act(testWebhook, { name: "none" }),
    act(readMetrics, { render: async () => await Promise.resolve("") }),
    act(listAlerts, {}),
    act(listSilences, {}),
    act(silenceAlert, { rule: "none", forMs: 1_000, reason: "asked by the suite" }),
    act(endSilence, noSuite),
    act(testAlert, { rule: "none" }),
    act(listObjectives, {}),
    act(readServiceLog, { limit: 1 }),
    letIn(createBackup, {}),
    act(listBackups, { limit: 10 }),
    act(verifyBackup, { backup: "latest" }),
    // There is a state: whoever may ask hears that it is not replaced.
    act(restoreState, { file: "none", force: false }),
    act(upgradeState, { dryRun: true }),
    act(previewPurge, { states: ["cancelled"], olderThanMs: 86_400_000 }),
    act(startPurge, { states: ["cancelled"], olderThanMs: 86_400_000 }),
  ];
}

function act<Input, Output>(useCase: UseCase<Input, Output>, input: Input): EveryAct {
  return {
    name: useCase.name,
    writes: useCase.writes,
    ask: async (door, app) => {
      const answer = await door(app, useCase, input);
      await waitForRun(answer);
      return answer;
    },
  };
}

/** Of what starts a process of the product, which takes its time, the door is asked alone: the caller has gone when it has decided. */
function letIn<Input, Output>(useCase: UseCase<Input, Output>, input: Input): EveryAct {
  return {
    name: useCase.name,
    writes: useCase.writes,
    ask: async (door, app) => {
      try {
        await door({ ...app, signal: AbortSignal.abort() }, useCase, input);
      } catch (error) {
        if (!(error instanceof Error && error.name === "AbortError")) throw error;
      }
    },
  };
}

/** A run that was begun is waited for, so that nothing of it is left when the workspace closes. */
async function waitForRun(answer: unknown): Promise<void> {
  const { handle, done } = (answer ?? {}) as {
    readonly handle?: { readonly done?: unknown } | null;
    readonly done?: unknown;
  };
  await (done ?? handle?.done);
}

/** What is said by the act behind the door: that a run is over, and so cannot be cancelled, or that there is no such thing. */
const saidBehind: ReadonlySet<string> = new Set([
  "RUN_STATE",
  "SUITE_NOT_FOUND",
  "ALERT_NOT_FOUND",
  "BACKUP_NOT_FOUND",
  "RESTORE_REFUSED",
  "CHECK_NOT_FOUND",
  "WEBHOOK_NOT_FOUND",
]);

/** What the door said. */
export async function askDoor(asking: Promise<unknown>): Promise<"allowed" | "denied"> {
  try {
    await asking;
    return "allowed";
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    if (error.code === "ACCESS_DENIED") return "denied";
    if (saidBehind.has(error.code)) return "allowed";
    throw error;
  }
}
