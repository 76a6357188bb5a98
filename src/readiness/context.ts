import type { AppContext } from "../app/app-context.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { Fleet } from "../repositories/types.ts";
import type { CliCommand } from "./cli-command.ts";
import type { Scratch } from "./scratch.ts";
import type { Profile } from "./types.ts";

/** What the probes of one run of the suite share. */
export interface SuiteContext {
  /** Absolute folder of the workspace, symbolic links resolved. */
  readonly workspace: string;
  readonly profile: Profile;
  /** The longer forms of the benchmarks. */
  readonly thorough: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The shipped CLI, to act through the same door as a user. */
  readonly cli: CliCommand;
  /** The configuration as every other command loads it. Rejects with a `UserFileError`, each time the same. */
  readonly config: () => Promise<LoadedConfig>;
  /** The fleet of the configured manifest. Rejects with what `config` rejects with, or with the manifest's own error. */
  readonly fleet: () => Promise<Fleet>;
  /** The open workspace, for what only a use-case can tell. Its store and engine open when they are first asked for. */
  readonly app: () => Promise<AppContext>;
  /** A folder of its own below the scratch space of this run. */
  readonly scratch: (name: string) => Promise<Scratch>;
  /** The same on the disk of the state, for what measures how long something takes to be durable. */
  readonly stateScratch: (name: string) => Promise<Scratch>;
  /** Work that several checks need, done by the first that asks. A failure is remembered as well. */
  readonly once: <T>(key: string, work: () => Promise<T>) => Promise<T>;
}

/** What one attempt of one probe is given. */
export interface CheckContext extends SuiteContext {
  /** Aborted on time-out and when the suite ends; pass it to everything that is waited for. */
  readonly signal: AbortSignal;
}
