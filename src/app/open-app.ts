import { randomUUID } from "node:crypto";
import { findLocalOwner, localSubject, type Subject } from "../access/subject.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { Engine } from "../engine/engine.ts";
import type { RunObserver } from "../engine/run-writer.ts";
import { RecentMap } from "../lib/recent-map.ts";
import { loadManifest } from "../repositories/load-manifest.ts";
import type { Store } from "../store/contract.ts";
import type { Traces } from "../telemetry/traces/open-traces.ts";
import type { AppContext, Caller } from "./app-context.ts";
import { refuseHalfRestored } from "./backup/restore-marker.ts";
import { engineLimits } from "./engine-limits.ts";
import { expectCurrentFleet, expectFleet, type FleetLook, FreshFleet } from "./fresh-fleet.ts";
import type { ServiceLog } from "./open-service-log.ts";
import { openRunTraces } from "./open-run-traces.ts";
import { expectRunFolders, runFoldersOf } from "./run-folders.ts";
import type { RunFeeds } from "./run-feed.ts";
import { stepBaseEnvironment } from "./step-base-environment.ts";

const never = new AbortController().signal;

/** Runs that `readRun` remembers at most. */
const rememberedRuns = 500;

/** What an open workspace is made of. */
export interface AppRequest {
  readonly loaded: LoadedConfig;
  /** The local owner when left out. */
  readonly subject?: Subject;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gives what is aborted when whoever asked has gone; asked by what can be ended early, and by nothing else. */
  readonly signal?: () => AbortSignal;
  /** Who gets every line of the log, besides its files; left out, nobody. */
  readonly stderr?: (text: string) => void;
  /** Told once when the log cannot be written. */
  readonly onLogFault?: (text: string) => void;
}

/**
 * Opens a workspace: the one place where configuration, fleet, store, actions and engine are put together. The heavy parts are
 * loaded when they are first asked for, so that a command which needs only the configuration stays quick.
 *
 * @example
 * await using app = openApp({ loaded, env: process.env });
 */
export function openApp({
  loaded,
  subject = localSubject(),
  env,
  signal = () => never,
  stderr,
  onLogFault = () => undefined,
}: AppRequest): AppContext {
  const observers = new Set<RunObserver>();
  let store: Promise<Store> | undefined;
  let empty: Store | undefined;
  let engine: Promise<Engine> | undefined;
  let log: Promise<ServiceLog> | undefined;
  let traces: Promise<Traces | null> | undefined;
  let requestId: string | undefined;
  let feeds: Promise<RunFeeds> | undefined;
  let aborted: AbortSignal | undefined;

  const freshFleet = new FreshFleet(async (sources) => {
    const { repositories: file, allowedRoots } = loaded.paths;
    return await loadManifest({
      file,
      base: loaded.workspace,
      sources,
      ...(allowedRoots.length > 0 ? { allowedRoots } : {}),
    });
  });

  const openTheStore = async (): Promise<Store> => {
    const { openStore } = await import("../store/open-store.ts");
    refuseHalfRestored(loaded.paths.stateFolder, loaded.paths.stateFile);
    return openStore({ file: loaded.paths.stateFile });
  };

  const openTheHistory = async (): Promise<Store> => {
    if (store !== undefined) return await store;
    const [{ hasDatabase }, { openEmptyStore }] = await Promise.all([
      import("../store/open-database.ts"),
      import("../store/open-store.ts"),
    ]);
    refuseHalfRestored(loaded.paths.stateFolder, loaded.paths.stateFile);
    // Asked each time, since a run may have begun meanwhile.
    if (hasDatabase(loaded.paths.stateFile)) return await context.store();
    return (empty ??= openEmptyStore());
  };

  const makeTheEngine = async (): Promise<Engine> => {
    const [{ createEngine }, { resolveSecrets }, { makeSystemActions }, { logRuns }] = await Promise.all([
      import("../engine/engine.ts"),
      import("../config/secret-references.ts"),
      import("./system-actions.ts"),
      import("../telemetry/logs/log-runs.ts"),
    ]);
    expectRunFolders(loaded.paths);
    const folders = runFoldersOf(loaded.paths);
    const { stateFolder, allowedRoots: given } = loaded.paths;
    const allowedRoots = async (): Promise<readonly string[]> =>
      given.length > 0 ? given : (await context.fleet()).allowedRoots;
    const system = makeSystemActions({ store: await context.store(), stateFolder, ...folders, allowedRoots });
    const { named } = await resolveSecrets(loaded, env);
    const told = await context.log();
    observers.add(logRuns(told));
    traces = openRunTraces({ loaded, env, log: told });
    const tracing = await traces;
    if (tracing !== null) observers.add(tracing.observe);
    return createEngine({
      store: await context.store(),
      actions: new Map([...(await context.actions()), ...system]),
      secrets: named,
      limits: engineLimits(loaded.config),
      baseEnv: stepBaseEnvironment(env, { mode: loaded.config.steps.env, hidden: loaded.secretVariables }),
      traceRatio: tracing === null ? 1 : loaded.config.telemetry.traces.ratio,
      ...folders,
      allowedRoots,
      observe: (state, events) => {
        for (const observer of observers) observer(state, events);
      },
    });
  };

  const openTheLog = async (): Promise<ServiceLog> => {
    const { openServiceLog } = await import("./open-service-log.ts");
    return await openServiceLog({ loaded, env, onFault: onLogFault, ...(stderr === undefined ? {} : { stderr }) });
  };

  const context: AppContext = {
    loaded,
    subject,
    localOwner: findLocalOwner(loaded.paths.stateFolder),
    env,
    from: "cli",
    traceparent: env["TRACEPARENT"],
    get signal() {
      return (aborted ??= signal());
    },
    // Most reads never ask for it, and what makes it takes 3 ms to load.
    get requestId() {
      return (requestId ??= randomUUID());
    },
    freshFleet,
    fleet: async () => expectFleet(await freshFleet.look()),
    currentFleet: async () => expectCurrentFleet(await freshFleet.look()),
    actions: async () => (await import("../actions/builtin-actions.ts")).builtinActions,
    store: () => (store ??= openTheStore()),
    history: openTheHistory,
    log: async () => (await (log ??= openTheLog())).log,
    engine: () => (engine ??= makeTheEngine()),
    observeRuns: (observer) => {
      observers.add(observer);
      return { [Symbol.dispose]: () => void observers.delete(observer) };
    },
    recentRuns: new RecentMap(rememberedRuns),
    runFeeds: () => (feeds ??= import("./run-feed.ts").then(({ RunFeeds }) => new RunFeeds())),
    actFor: (caller) => actFor(context, caller),
    [Symbol.asyncDispose]: async () => {
      // In the order of need: the engine writes its last events through the store. What failed to open needs no closing.
      await (await engine?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await (await traces?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await (await store?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await empty?.[Symbol.asyncDispose]();
      (await log?.catch(() => undefined))?.[Symbol.dispose]();
    },
  };
  return context;
}

/** Only who acts differs; what is opened for one caller serves all. */
function actFor(context: AppContext, caller: Caller): AppContext {
  const { loaded, localOwner, env, freshFleet } = context;
  let seen: Promise<FleetLook> | undefined;
  // What was looked up, decided and done for one request is about the same fleet, whatever is edited meanwhile.
  const look = (): Promise<FleetLook> => (seen ??= freshFleet.look());
  const acting: AppContext = {
    ...caller,
    traceparent: caller.traceparent,
    loaded,
    localOwner,
    env,
    freshFleet,
    fleet: async () => expectFleet(await look()),
    currentFleet: async () => expectCurrentFleet(await look()),
    actions: context.actions,
    store: context.store,
    history: context.history,
    log: context.log,
    recentRuns: context.recentRuns,
    runFeeds: context.runFeeds,
    engine: context.engine,
    observeRuns: context.observeRuns,
    actFor: (other) => actFor(context, other),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
  return acting;
}
