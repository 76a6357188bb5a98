import { dirname } from "node:path";
import type { AppContext } from "../app/app-context.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { CliCommand } from "./cli-command.ts";
import type { SuiteContext } from "./context.ts";
import type { Scratch, ScratchSpace } from "./scratch.ts";
import type { Profile } from "./types.ts";

/** What the context of a suite is made of. */
export interface ContextRequest {
  readonly workspace: string;
  readonly profile: Profile;
  readonly thorough: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cli: CliCommand;
  readonly config: () => Promise<LoadedConfig>;
}

/** A context that is closed with its suite: the workspace and all scratch space with it. */
export interface OpenContext extends AsyncDisposable {
  readonly context: SuiteContext;
  /** A folder for the suite's own use, on the disk of the state. */
  readonly stateFolder: () => Promise<string>;
}

/** Makes the context of one run of the suite. Everything in it is opened when it is first asked for. */
export function openContext(request: ContextRequest): OpenContext {
  const { workspace, profile, thorough, environment, cli } = request;
  const shared = new Map<string, Promise<unknown>>();
  const once = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const known = shared.get(key);
    if (known !== undefined) return (await known) as T;
    const begun = work();
    shared.set(key, begun);
    return await begun;
  };
  let app: Promise<AppContext> | undefined;
  let space: Promise<ScratchSpace> | undefined;
  let stateSpace: Promise<ScratchSpace> | undefined;
  const config = async (): Promise<LoadedConfig> => await once("config", request.config);
  const openTheApp = async (): Promise<AppContext> => {
    const [{ openApp }, loaded] = await Promise.all([import("../app/open-app.ts"), config()]);
    return openApp({ loaded, env: environment });
  };
  const openTheSpace = async (): Promise<ScratchSpace> => {
    const { openScratchSpace, sweepScratch } = await import("./scratch.ts");
    await sweepScratch();
    // What measures the disk has its scratch space beside the state.
    const loaded = await config().catch(() => undefined);
    if (loaded !== undefined) await sweepScratch(dirname(loaded.paths.stateFile));
    return await openScratchSpace();
  };
  const openTheStateSpace = async (): Promise<ScratchSpace> => {
    const [{ openStateSpace }, { paths }] = await Promise.all([import("./state-space.ts"), config()]);
    return await openStateSpace(dirname(paths.stateFile), openSpace);
  };
  const openSpace = async (): Promise<ScratchSpace> => await (space ??= openTheSpace());
  const openOnStateDisk = async (name: string): Promise<Scratch> =>
    await (await (stateSpace ??= openTheStateSpace())).make(name);
  const openedApp = async (): Promise<AppContext> => await (app ??= openTheApp());

  return {
    context: {
      workspace,
      profile,
      thorough,
      environment,
      cli,
      config,
      app: openedApp,
      fleet: async () => await (await openedApp()).fleet(),
      scratch: async (name) => await (await openSpace()).make(name),
      stateScratch: openOnStateDisk,
      once,
    },
    stateFolder: async () => (await openOnStateDisk("suite")).folder,
    [Symbol.asyncDispose]: async () => {
      await (await app?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await (await stateSpace?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await (await space?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
