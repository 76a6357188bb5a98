import type { Subject } from "../access/subject.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { Engine } from "../engine/engine.ts";
import type { RunFeeds } from "./run-feed.ts";
import type { RecentRuns } from "./stored-run.ts";
import type { ActionRegistry } from "../engine/contract.ts";
import type { RunObserver } from "../engine/run-writer.ts";
import type { Log } from "../lib/log.ts";
import type { Fleet } from "../repositories/types.ts";
import type { FreshFleet } from "./fresh-fleet.ts";
import type { Store } from "../store/contract.ts";

/** Who acts, from where, under which id. */
export interface Caller {
  readonly subject: Subject;
  readonly from: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** The `traceparent` that came with what was asked. */
  readonly traceparent?: string;
}

/** An open workspace. Parts are opened when they are first asked for, and closed with it. */
export interface AppContext extends AsyncDisposable {
  readonly loaded: LoadedConfig;
  /** Who acts. */
  readonly subject: Subject;
  /** Who owns the workspace on this machine, as far as this process can tell: `local:dana`, or null. */
  readonly localOwner: string | null;
  /** Where from: `cli`, or the address of who asked over the network. For the audit trail. */
  readonly from: string;
  /** One for all that one command or request does. */
  readonly requestId: string;
  /** Where whoever asked is in a trace of its own; a run that is started is a part of that. */
  readonly traceparent: string | undefined;
  /** Aborted when whoever asked has gone, or has pressed Ctrl-C. */
  readonly signal: AbortSignal;
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What steps may use. */
  actions(): Promise<ActionRegistry>;
  /** The fleet as it could last be read; in a server, the one at the beginning of the request. */
  fleet(): Promise<Fleet>;
  /** Like `fleet`, for what begins something: while the manifest cannot be read it rejects with what is wrong. */
  currentFleet(): Promise<Fleet>;
  /** Where the fleet comes from; a server lets it follow edits. */
  readonly freshFleet: FreshFleet;
  store(): Promise<Store>;
  /** The store for those who only read: an empty one where there is no database yet, so that a read makes nothing. */
  history(): Promise<Store>;
  /** The engine of this process. Asking for it resolves the secrets of the configuration. */
  engine(): Promise<Engine>;
  /** The log of this process: files in the state folder. Whoever executes runs or serves asks for it. */
  log(): Promise<Log>;
  /** The same open workspace for somebody else who acts; what it opens belongs to this one, and disposing of it does nothing. */
  actFor(caller: Caller): AppContext;
  /** Runs that somebody follows. */
  runFeeds(): Promise<RunFeeds>;
  /** What `readRun` remembers. */
  readonly recentRuns: RecentRuns;
  /** Adds one who is told of every event of runs of this process, once it is durable. */
  observeRuns(observer: RunObserver): Disposable;
}
