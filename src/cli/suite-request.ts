import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { findWorkspace } from "../config/find-workspace.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { shippedCli } from "../readiness/cli-command.ts";
import type { ProductionSetting } from "../readiness/run-production.ts";
import type { SuiteRequest } from "../readiness/suites/suite-request.ts";
import type { CommandIo } from "./command-io.ts";
import type { ProductionOptions as SuiteFlags } from "./command-options.ts";
import { exitCodes } from "./exit-codes.ts";
import type { GlobalOptions } from "./global-options.ts";

/** The flags of a suite as the suite takes them. */
export function suiteOptions(flags: SuiteFlags): SuiteRequest {
  const { profile, only, skip, deadline, wait } = flags;
  return {
    command: flags.suite,
    ...(profile === undefined ? {} : { profile }),
    ...(only === undefined ? {} : { only }),
    ...(skip === undefined ? {} : { skip }),
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
    ...(wait === undefined ? {} : { wait }),
    ...(flags.shuffle === true ? { shuffleSeed: flags.seed ?? Math.floor(Math.random() * 2 ** 31) } : {}),
    all: flags.all === true,
    readOnly: flags.readOnly === true,
    allowEmpty: flags.allowEmpty === true,
    strict: flags.strict === true,
    exitZero: flags.exitZero === true,
    ignoreWaivers: !flags.waivers,
    failFast: flags.failFast === true,
    thorough: flags.thorough === true,
  };
}

/** A workspace as a suite finds it: with a configuration, or with the reason why there is none. */
export interface SuitePlace {
  /** Absolute, symbolic links resolved; the folder that was looked in when there is no workspace. */
  readonly workspace: string;
  readonly loaded: LoadedConfig | undefined;
  readonly config: () => Promise<LoadedConfig>;
}

/**
 * Looks for the workspace. That there is none, or that its configuration is wrong, is an answer of the suite and no
 * error; a wrong `--set` is an error, for it is not the workspace that is wrong then.
 *
 * @throws MahavishnuError USAGE.
 */
export async function findSuitePlace(options: GlobalOptions, io: CommandIo): Promise<SuitePlace> {
  let workspace = options.workspace ?? (options.config === undefined ? io.cwd : dirname(options.config));
  try {
    const found = findWorkspace({
      cwd: io.cwd,
      ...(options.workspace === undefined ? {} : { directory: options.workspace }),
      ...(options.config === undefined ? {} : { configFile: options.config }),
    });
    workspace = resolveLinks(found.workspace);
    const set = options.set.map(({ key, value }) => `${key}=${value}`);
    const loaded = await loadConfig({ ...found, env: io.env, set });
    return { workspace, loaded, config: async () => loaded };
  } catch (error) {
    if (error instanceof MahavishnuError && error.code === "USAGE") throw error;
    return {
      workspace: resolveLinks(workspace),
      loaded: undefined,
      config: async () => {
        throw error;
      },
    };
  }
}

function resolveLinks(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Where a suite runs, without anybody who is told how it goes. */
export function suiteSetting({ workspace, config }: SuitePlace, io: CommandIo): ProductionSetting {
  return {
    workspace,
    config,
    environment: io.env,
    cli: shippedCli(),
    interrupt: io.interrupts.signal,
    interruptCode: () => (io.interrupts.last?.signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated),
  };
}
