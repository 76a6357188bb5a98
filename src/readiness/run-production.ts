import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { LoadedConfig } from "../config/load-config.ts";
import { messageOf } from "../lib/errors.ts";
import { summariseUserFile } from "./summarise-user-file.ts";
import { version } from "../lib/version.ts";
import type { CliCommand } from "./cli-command.ts";
import { concludeReport, settleResults } from "./conclude.ts";
import type { Finding } from "./finding.ts";
import { loadChecks, loadRegistry } from "./load-registry.ts";
import { type OpenContext, openContext } from "./open-context.ts";
import { type PlanRequest, planSuite } from "./plan-suite.ts";
import type { Registry } from "./registry.ts";
import type { Report } from "./report/report.ts";
import { runStages, type StagesAnswer, type SuiteEvent } from "./run-stages.ts";
import { shuffleTests } from "./shuffle-tests.ts";
import { type SuiteStop, watchStops } from "./stop-suite.ts";
import type { SuitePlan } from "./suite-plan.ts";
import type { SuiteRequest } from "./suites/suite-request.ts";
import type { Waiver, WaiverRules } from "./waivers.ts";

/** What a user asks of one of the four commands. */
export interface ProductionOptions extends SuiteRequest, Pick<PlanRequest, "readOnlyBecause"> {
  /** Probes at once; twice the processors when left out. */
  readonly parallel?: number;
}

/** Where a suite runs. */
export interface ProductionSetting {
  /** Absolute folder of the workspace, or the folder that the command was started in when there is none. */
  readonly workspace: string;
  /** Loads the configuration as every other command does; its failure is an answer (CFG001), not an error. */
  readonly config: () => Promise<LoadedConfig>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The shipped CLI. */
  readonly cli: CliCommand;
  /** Aborted by Ctrl-C and the like: the report is still made. */
  readonly interrupt: AbortSignal;
  /** Asked once `interrupt` is aborted. */
  readonly interruptCode: () => 130 | 143;
  readonly onEvent?: (event: SuiteEvent) => void;
  /** Milliseconds that a stopped probe has to end its children. */
  readonly graceMs?: number;
  /** What the caller knows and the verdict must: that the audit trail cannot be written, for instance. */
  readonly findings?: readonly Finding[];
  /** Rounds of the calibration before benchmarks; for tests of the framework. */
  readonly calibrationRounds?: number;
  /** Another catalogue than the product's, for tests of the framework. */
  readonly registry?: Registry;
}

/** The document and the code of the process, which is in the document as well. */
export interface ProductionAnswer {
  readonly report: Report;
  readonly exitCode: number;
}

/** A plan with the catalogue it was made from. */
export interface PlannedSuite {
  readonly plan: SuitePlan;
  readonly registry: Registry;
}

/**
 * What a command would ask, for `--list` and `--plan`; asks nothing.
 *
 * @throws MahavishnuError USAGE when the selection is wrong or empty.
 */
export async function planProduction(options: ProductionOptions, setting: ProductionSetting): Promise<PlannedSuite> {
  return await planWith(options, setting, await setting.config().catch(() => undefined));
}

async function planWith(
  options: ProductionOptions,
  setting: ProductionSetting,
  loaded: LoadedConfig | undefined,
): Promise<PlannedSuite> {
  const selects = [...(options.only ?? []), ...(options.skip ?? [])].length > 0;
  // Words of the user may name anything, and waivers too; without them the checks alone are enough, and load sooner.
  const whole = options.command !== "check-config" || selects || loaded?.paths.waivers !== undefined;
  const registry = setting.registry ?? (whole ? await loadRegistry() : loadChecks());
  const profile = options.profile ?? loaded?.config.profile ?? "production";
  return { plan: shuffleTests(planSuite({ ...options, profile }, registry), options.shuffleSeed), registry };
}

/**
 * Runs one of the four commands to its report. Whatever the checks do, there is a report with one result for each
 * planned check and target, and one verdict.
 *
 * @throws MahavishnuError USAGE for a selection that is wrong or empty; SUITE_BUSY with `wait: false`; TEMPORARY_FOLDER when
 * there is no room for what acts.
 * @example
 * const { report, exitCode } = await runProduction({ command: "check-config" }, setting);
 */
export async function runProduction(options: ProductionOptions, given: ProductionSetting): Promise<ProductionAnswer> {
  const startedAt = new Date();
  const begin = performance.now();
  const config = given.config();
  const setting = { ...given, config: async () => await config };
  const loaded = await config.catch(() => undefined);
  const planned = await planWith(options, setting, loaded);
  const { plan } = planned;
  const { waivers, findings } = await readConfiguredWaivers(loaded);
  const rules: WaiverRules = {
    today: startedAt.toISOString().slice(0, 10),
    catalogue: new Map(planned.registry.definitions.map(({ id, security }) => [id, { security: security === true }])),
    ignore: options.ignoreWaivers === true,
  };
  using stop = watchStops({
    interrupt: setting.interrupt,
    interruptCode: setting.interruptCode,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  });
  const answer = await runPlan(plan, { options, setting, stop, waivers, rules });
  const interruption = stop.interruption();
  const report = concludeReport(
    {
      plan,
      results: answer.results,
      waivers,
      rules,
      findings: [...(setting.findings ?? []), ...findings, ...answer.findings],
      strict: options.strict === true,
      exitZero: options.exitZero === true,
      acceptWaivedCritical: loaded?.config.readiness.gates.acceptWaivedCritical === true,
      ...(interruption === undefined ? {} : { stop: interruption }),
      deadlinePassed: stop.deadlinePassed(),
    },
    {
      version,
      startedAt,
      durationMs: Math.round(performance.now() - begin),
      workspace: await describeWorkspace(setting.workspace, loaded),
      machine: answer.machine,
      measurements: answer.measurements,
    },
  );
  return { report, exitCode: report.exitCode };
}

/** What one run of a plan needs. */
interface RunRequest {
  readonly options: ProductionOptions;
  readonly setting: ProductionSetting;
  readonly stop: SuiteStop;
  readonly waivers: readonly Waiver[];
  readonly rules: WaiverRules;
}

/** Runs a plan under the lock of its workspace, and removes what it made. */
async function runPlan(plan: SuitePlan, request: RunRequest): Promise<StagesAnswer & { findings: readonly Finding[] }> {
  const { options, setting, stop, waivers, rules } = request;
  const findings: Finding[] = [];
  const onEvent = setting.onEvent ?? (() => undefined);
  if (isActing(plan)) await requireTemporaryFolder();
  using _lock = await takeLock(plan, request, findings);
  const opened = openContext({
    workspace: setting.workspace,
    profile: plan.profile,
    thorough: options.thorough === true,
    environment: setting.environment,
    cli: setting.cli,
    config: setting.config,
  });
  try {
    const answer = await runStages({
      plan,
      opened,
      stop: stop.signal,
      parallel: options.parallel ?? 2 * availableParallelism(),
      failFast: options.failFast === true,
      ...(setting.graceMs === undefined ? {} : { graceMs: setting.graceMs }),
      ...(setting.calibrationRounds === undefined ? {} : { calibrationRounds: setting.calibrationRounds }),
      onEvent,
      settle: (results) => settleResults({ plan, results }, waivers, rules).results,
    });
    return { ...answer, findings };
  } finally {
    await closeContext(opened, findings);
  }
}

/** What cannot be removed is said, and does not hide the answers. */
async function closeContext(opened: OpenContext, findings: Finding[]): Promise<void> {
  try {
    await opened[Symbol.asyncDispose]();
  } catch (error) {
    findings.push({ level: "concern", text: `the scratch space could not be removed: ${messageOf(error)}` });
  }
}

/** Whether anything is done beside reading. */
function isActing(plan: SuitePlan): boolean {
  return plan.checks.some((check) => check.mode === "live" && check.skip === undefined);
}

/** What acts does so in scratch space: without it every answer would be the same, and say nothing about the workspace. */
async function requireTemporaryFolder(): Promise<void> {
  const [{ makeTemporaryFolder }, { rmdir }] = await Promise.all([
    import("../lib/temporary-folder.ts"),
    import("node:fs/promises"),
  ]);
  await rmdir(makeTemporaryFolder("mahavishnu-probe-"));
}

/** Only what acts needs the workspace for itself: reading disturbs nobody, and nobody should wait for it. */
async function takeLock(plan: SuitePlan, request: RunRequest, findings: Finding[]): Promise<Disposable | undefined> {
  if (!isActing(plan)) return undefined;
  const { options, setting, stop } = request;
  const { lockSuite } = await import("./suite-lock.ts");
  try {
    return await lockSuite({
      workspace: setting.workspace,
      ...(options.wait === undefined ? {} : { waitMs: options.wait === false ? 0 : options.wait }),
      signal: stop.signal,
      onWait: (holder) => setting.onEvent?.({ type: "waiting", holder }),
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SUITE_BUSY") throw error;
    // Stopped while it waited: the report says that nothing was asked. Without a lock file the checks say why.
    if (!stop.signal.aborted) {
      findings.push({ level: "concern", text: `the suite runs without its lock: ${messageOf(error)}` });
    }
    return undefined;
  }
}

/** The waivers of the configuration. A file that cannot be used makes the verdict 1: what it waives is not known. */
async function readConfiguredWaivers(
  loaded: LoadedConfig | undefined,
): Promise<{ waivers: readonly Waiver[]; findings: readonly Finding[] }> {
  const path = loaded?.paths.waivers;
  if (loaded === undefined || path === undefined) return { waivers: [], findings: [] };
  const { readWaiverFile } = await import("./read-waivers.ts");
  try {
    return { waivers: readWaiverFile(path, loaded.workspace), findings: [] };
  } catch (error) {
    return { waivers: [], findings: [{ level: "failure", text: `readiness.waivers: ${summariseUserFile(error)}` }] };
  }
}

async function describeWorkspace(folder: string, loaded: LoadedConfig | undefined): Promise<Report["workspace"]> {
  const { readHead } = await import("../repositories/read-head.ts");
  const commit = await readHead(folder).then(
    ({ head }) => head,
    () => null,
  );
  return {
    name: basename(folder),
    // Made when it is written down: the text has no place for it, and what makes it takes 3 ms to load.
    get configDigest() {
      return loaded === undefined ? null : `sha256:${loaded.digest}`;
    },
    commit,
  };
}
