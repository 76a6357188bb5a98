import type { AppContext } from "../../app/app-context.ts";
import { checkAdapter, enabledAdapters } from "../../app/check-adapter.ts";
import { watchConfig } from "../../config/watch-config.ts";
import { MahavishnuError, messageOf, UserFileError } from "../../lib/errors.ts";
import type { Store } from "../../store/contract.ts";
import type { Instruments } from "../../telemetry/metrics/instruments.ts";
import { watchClock } from "./watch-clock.ts";
import type { Finding, Probe } from "./health-board.ts";
import { probeDisk } from "./probe-disk.ts";
import type { WatchedDispatcher } from "../watched-dispatcher.ts";

/** How often the parts of a server are looked at, at most, in milliseconds. */
export interface HealthPace {
  /** Store, disk, and what costs nothing. */
  readonly restMs: number;
  /** An adapter: it executes a command of its own. */
  readonly adapterRestMs: number;
  /** An adapter that is down. */
  readonly adapterRestWhileDownMs: number;
  /** How long store and disk may take. */
  readonly deadlineMs: number;
}

/** What servers keep to. */
export const defaultPace: HealthPace = {
  restMs: 1_000,
  adapterRestMs: 30_000,
  adapterRestWhileDownMs: 5_000,
  deadlineMs: 2_000,
};

const adapterDeadlineMs = 10_000;

/** What the probes look at. */
export interface Probed {
  readonly app: AppContext;
  readonly store: Pick<Store, "probe">;
  readonly dispatcher: Pick<WatchedDispatcher, "look" | "retry">;
  readonly pace: HealthPace;
  readonly instruments: Pick<Instruments, "observeAdapter">;
}

/** Everything that a server needs for doing its work, and what somebody should know of who looks after it. */
export function listProbes({ app, store, dispatcher, pace, instruments }: Probed): readonly Probe[] {
  const { restMs, adapterRestMs, adapterRestWhileDownMs, deadlineMs } = pace;
  const quick = { componentType: "component", restMs, deadlineMs } as const;
  const hasConfigChanged = watchConfig(app.loaded);
  const lookAtClock = watchClock();
  return [
    {
      ...quick,
      name: "store:write",
      componentType: "datastore",
      late: "another process holds a lock on the database, or its disk hangs",
      look: lookAtStore(store, () => dispatcher.retry()),
    },
    {
      ...quick,
      name: "disk:write",
      componentType: "system",
      late: "the disk hangs",
      look: async () => await probeDisk(app.loaded.paths.stateFolder),
    },
    ...enabledAdapters(app.loaded.config).map((name): Probe => ({
      ...quick,
      name: `adapter:${name}`,
      restMs: adapterRestMs,
      restWhileFailingMs: adapterRestWhileDownMs,
      deadlineMs: 2 * adapterDeadlineMs,
      isSlow: true,
      look: async () => {
        const begin = performance.now();
        const { state, reason } = await checkAdapter(app, name, adapterDeadlineMs);
        instruments.observeAdapter(name, (performance.now() - begin) / 1_000);
        return state === "up" ? { status: "pass" } : { status: "fail", output: reason };
      },
    })),
    { ...quick, name: "dispatcher:alive", look: async () => dispatcher.look() },
    { ...quick, name: "clock:time", componentType: "system", look: async () => lookAtClock() },
    { ...quick, name: "manifest:current", look: async () => await lookAtManifest(app) },
    {
      ...quick,
      name: "config:current",
      look: async () =>
        hasConfigChanged()
          ? { status: "warn", output: "the configuration has changed on disk since the server was started; restart it" }
          : { status: "pass" },
    },
  ];
}

/** A store that works again is told of, so that nobody waits any longer than that. */
function lookAtStore(store: Pick<Store, "probe">, onMended: () => void): () => Promise<Finding> {
  let isBroken = false;
  return async () => {
    const begin = performance.now();
    // Also a late one counts as broken, and when it succeeds after all as mended.
    const wasBroken = isBroken;
    isBroken = true;
    try {
      await store.probe();
    } catch (error) {
      return { status: "fail", output: adviceOf(error) };
    }
    isBroken = false;
    if (wasBroken) onMended();
    return { status: "pass", observedValue: Math.round((performance.now() - begin) * 10) / 10, observedUnit: "ms" };
  };
}

/** The last fleet that could be read goes on to be shown: reading works, and what is begun says why it cannot be. */
async function lookAtManifest({ freshFleet }: AppContext): Promise<Finding> {
  const { fleet, problem } = await freshFleet.look();
  if (problem === null)
    return { status: "pass", observedValue: fleet?.repositories.length ?? 0, observedUnit: "repositories" };
  const kept = fleet === null ? "no run can be started" : "the last good one is shown, and no run can be started";
  return { status: "warn", output: `${kept}: ${adviceOf(problem)}` };
}

function adviceOf(error: unknown): string {
  // With its carets it would take several lines.
  if (error instanceof UserFileError) {
    const [first, ...others] = error.diagnostics;
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    return first === undefined ? error.fix : `${first.file}:${first.line}:${first.column} ${first.message}${more}`;
  }
  return error instanceof MahavishnuError ? `${messageOf(error)}; ${error.fix}` : messageOf(error);
}
