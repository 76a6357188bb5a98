import type { LogLevel } from "../lib/log.ts";
import type { GlobalOptions, KeyValue } from "./global-options.ts";

/** Flags of `init`. */
export interface InitFlags {
  readonly demo?: boolean;
  readonly fresh?: boolean;
}

/** What `init` is asked. */
export interface InitOptions extends InitFlags, GlobalOptions {
  /** As written; the current folder is `.`. */
  readonly folder: string;
}

/** Flags of `config show`. */
export interface ConfigShowFlags {
  /** Print where each value came from. */
  readonly origin?: boolean;
}

/** What `config show` is asked. */
export interface ConfigShowOptions extends ConfigShowFlags, GlobalOptions {}

/** Flags of the commands that look at selected repositories. */
export interface ReposSelectFlags {
  /** Selector text; all repositories when left out. */
  readonly select?: string;
}

/** What `repos list` and `repos graph` are asked. */
export interface ReposSelectOptions extends ReposSelectFlags, GlobalOptions {}

/** Flags of `repos check`. */
export interface ReposCheckFlags extends ReposSelectFlags {
  /** Repositories looked at at once. */
  readonly maxParallel?: number;
}

/** What `repos check` is asked. */
export interface ReposCheckOptions extends ReposCheckFlags, GlobalOptions {}

/** What `repos scan` is asked. */
export interface ReposScanOptions extends GlobalOptions {
  /** As written. */
  readonly folder: string;
}

/** What `workflows show` is asked. */
export interface WorkflowsShowOptions extends GlobalOptions {
  readonly name: string;
}

/** What `workflows validate` is asked. */
export interface WorkflowsValidateOptions extends GlobalOptions {
  /** As written; all of the workspace when empty. */
  readonly files: readonly string[];
}

/** Flags of `plan`, and of `run` as far as they are the same. */
export interface PlanFlags {
  /** Inputs in the order given, as text; the workflow's schema gives them their types. */
  readonly input?: readonly KeyValue[];
  /** Narrows every sweep of the workflow to these repositories. */
  readonly select?: string;
}

/** What `plan` is asked. */
export interface PlanOptions extends PlanFlags, GlobalOptions {
  readonly workflow: string;
}

/** Flags of `run`. */
export interface RunFlags extends PlanFlags {
  /** A second run with the same key is not started; the first one is shown. */
  readonly idempotencyKey?: string;
  /** Record it only. */
  readonly detach?: boolean;
  /** Repositories at once, over all sweeps of the run. */
  readonly maxParallel?: number;
}

/** What `run` is asked. */
export interface RunOptions extends RunFlags, GlobalOptions {
  readonly workflow: string;
}

/** Flags of `exec`. */
export interface ExecFlags {
  /** Record it only. */
  readonly detach?: boolean;
  readonly select?: string;
  readonly maxParallel?: number;
  /** Milliseconds for each repository. */
  readonly timeout?: number;
}

/** What `exec` is asked. */
export interface ExecOptions extends ExecFlags, GlobalOptions {
  /** The words after `--`; at least one. */
  readonly command: readonly string[];
}

/** Flags of `runs list`. */
export interface RunsListFlags {
  readonly state?: readonly string[];
  readonly workflow?: string;
  readonly filter?: string;
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** What `runs list` is asked. */
export interface RunsListOptions extends RunsListFlags, GlobalOptions {}

/** What commands about one run are asked. */
export interface OneRunOptions extends GlobalOptions {
  /** An id, or the beginning of one while that is unique. */
  readonly id: string;
}

/** What `runs resume` is asked; without an id, about all interrupted runs. */
export interface RunsResumeOptions extends GlobalOptions {
  readonly id?: string;
}

/** Flags of `runs logs`. */
export interface RunsLogsFlags {
  readonly repo?: string;
  readonly job?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly follow?: boolean;
  /** The log of the service, and not what steps printed. */
  readonly service?: boolean;
  readonly level?: LogLevel;
  /** ISO 8601 in UTC. */
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** What `runs logs` is asked. */
export interface RunsLogsOptions extends RunsLogsFlags, GlobalOptions {
  /** An id, or the beginning of one while that is unique; needed for what steps printed. */
  readonly id?: string;
}

/** Flags of `runs cancel`. */
export interface RunsCancelFlags {
  readonly reason?: string;
  readonly atOnce?: boolean;
}

/** What `runs cancel` is asked. */
export interface RunsCancelOptions extends RunsCancelFlags, OneRunOptions {}

/** Flags of `runs retry`. */
export interface RunsRetryFlags {
  /** The step to begin at. */
  readonly from?: string;
  readonly repo?: readonly string[];
}

/** What `runs retry` is asked. */
export interface RunsRetryOptions extends RunsRetryFlags, OneRunOptions {}

/** What `adapters health` is asked; without a name, about all adapters. */
export interface AdaptersHealthOptions extends GlobalOptions {
  readonly name?: string;
}

/** Flags of the four suites. */
export interface ProductionFlags {
  /** `check-config`: all headings, with the probes that act. */
  readonly all?: boolean;
  /** The configuration's when left out. */
  readonly profile?: "development" | "production";
  /** Globs over ids of checks, tests and benchmarks. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly list?: boolean;
  readonly plan?: boolean;
  /** Milliseconds to wait for another suite; false: do not wait; undefined: as long as it takes. */
  readonly wait?: number | false;
  readonly strict?: boolean;
  /** False with `--no-waivers`. */
  readonly waivers: boolean;
  readonly readOnly?: boolean;
  readonly exitZero?: boolean;
  readonly allowEmpty?: boolean;
  readonly failFast?: boolean;
  /** Milliseconds for the whole suite. */
  readonly deadline?: number;
  readonly thorough?: boolean;
  readonly shuffle?: boolean;
  readonly seed?: number;
}

/** The four suites. */
export type Suite = "check-config" | "run-integration-tests" | "run-benchmarks" | "run-all-tests";

/** What a suite is asked. */
export interface ProductionOptions extends ProductionFlags, GlobalOptions {
  readonly suite: Suite;
}

/** What `production explain` is asked. */
export interface ProductionExplainOptions extends GlobalOptions {
  readonly id: string;
}

/** Flags that narrow the audit trail. */
export interface AuditFilterFlags {
  readonly actor?: string;
  readonly action?: string;
  /** How the resource begins. */
  readonly resource?: string;
  readonly decision?: "allowed" | "denied";
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** Flags of `audit list`. */
export interface AuditListFlags extends AuditFilterFlags {
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** What `audit list` is asked. */
export interface AuditListOptions extends AuditListFlags, GlobalOptions {}

/** Flags of `audit verify`. */
export interface AuditVerifyFlags {
  /** `SEQ:HASH`, kept elsewhere. */
  readonly head?: string;
}

/** What `audit verify` is asked. */
export interface AuditVerifyOptions extends AuditVerifyFlags, GlobalOptions {}

/** What `audit export` is asked. */
export interface AuditExportOptions extends AuditFilterFlags, GlobalOptions {}

/** Flags of `token create`. */
export interface TokenCreateFlags {
  readonly subject?: string;
  readonly role?: string;
  /** Selector text. */
  readonly where?: string;
  /** Milliseconds from now. */
  readonly expires?: number;
  readonly name?: string;
}

/** Flags of `token list`. */
export interface TokenListFlags {
  readonly subject?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Flags of `token revoke`. */
export interface TokenRevokeFlags {
  readonly subject?: string;
}

/** What `token revoke` is asked: an id or a subject. */
export interface TokenRevokeOptions extends TokenRevokeFlags, GlobalOptions {
  readonly id?: string;
}

/** Flags of `token rotate`. */
export interface TokenRotateFlags {
  readonly retireNow?: boolean;
}

/** Flags of `access can`. */
export interface AccessCanFlags {
  readonly group?: readonly string[];
}

/** What `access can` is asked. */
export interface AccessCanOptions extends AccessCanFlags, GlobalOptions {
  readonly subject: string;
  readonly action: string;
  readonly resource?: string;
}

/** Flags of `runs purge`. */
export interface RunsPurgeFlags {
  readonly dryRun?: boolean;
  readonly state?: readonly string[];
  /** Milliseconds. */
  readonly olderThan?: number;
}

/** Flags of `backup create`. */
export interface BackupCreateFlags {
  readonly to?: string;
  readonly unlessNewerThan?: string;
}

/** What `backup verify` is asked. */
export interface BackupVerifyOptions extends GlobalOptions {
  readonly backup: string;
}

/** Flags of `backup restore`. */
export interface BackupRestoreFlags {
  readonly force?: boolean;
}

/** What `backup restore` is asked. */
export interface BackupRestoreOptions extends GlobalOptions, BackupRestoreFlags {
  readonly file: string;
}

/** Flags of `upgrade`. */
export interface UpgradeFlags {
  readonly dryRun?: boolean;
}

/** Flags of `alerts silence`. */
export interface AlertsSilenceFlags {
  /** Milliseconds. */
  readonly for: number;
  readonly reason: string;
  readonly label?: readonly KeyValue[];
}

/** What `alerts silence` is asked. */
export interface AlertsSilenceOptions extends AlertsSilenceFlags, GlobalOptions {
  readonly rule: string;
}

/** What `alerts unsilence` is asked. */
export interface OneSilenceOptions extends GlobalOptions {
  readonly id: string;
}

/** Flags of `alerts test`. */
export interface AlertsTestFlags {
  readonly channel?: string;
}

/** What `alerts test` is asked. */
export interface AlertsTestOptions extends AlertsTestFlags, GlobalOptions {
  readonly rule?: string;
}

/** Flags of `webhooks deliveries`. */
export interface WebhookDeliveriesFlags {
  readonly webhook?: string;
  readonly state?: "pending" | "delivered" | "dead";
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** What `webhooks redeliver` is asked. */
export interface OneDeliveryOptions extends GlobalOptions {
  readonly id: string;
}

/** What `webhooks test` is asked. */
export interface OneWebhookOptions extends GlobalOptions {
  readonly name: string;
}
