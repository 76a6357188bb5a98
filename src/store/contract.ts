import type { BackupRegister } from "./backup-contract.ts";
import type { AuditTrail } from "./audit-contract.ts";
import type { AlertStore } from "./alert-contract.ts";
import type { RunFilter } from "../selectors/run-filter.ts";
import type { ObjectiveStore } from "./objective-contract.ts";
import type { StoreProbe } from "./health-contract.ts";
import type { ProjectionStore } from "./projection-contract.ts";
import type { SigningKeyStore, TokenRegister } from "./identity-contract.ts";
import type { PurgeStore } from "./purge-contract.ts";
import type { SessionRegister } from "./session-contract.ts";
import type { WebhookStore } from "./webhook-contract.ts";

/** One fact in a run's history, as stored. */
export interface EventRecord {
  /** Global in the workspace; grows, never reused. */
  readonly seq: number;
  readonly runId: string;
  /** From 1 in each run, without gaps. */
  readonly runSeq: number;
  readonly type: string;
  /** Version of the shape of `data`. */
  readonly v: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
  /** The fact itself; its shape belongs to the engine. */
  readonly data: unknown;
}

/** A fact to be stored; the store gives it its sequence numbers. */
export type NewEvent = Omit<EventRecord, "seq" | "runId" | "runSeq">;

/** A process that can own runs. */
export interface Owner {
  /** Random, one per process start. */
  readonly id: string;
  readonly pid: number;
  /** The kernel's start time of the process; tells a reused pid apart. */
  readonly startTime: string;
  readonly bootId: string;
}

/** What an owner is there for: one command and its runs, or all that wait for somebody. */
export type OwnerKind = "command" | "server";

/** The row that lists show: a projection of the run's events, written in the same transaction. */
export interface RunRow {
  readonly id: string;
  /** Order of creation in the workspace. */
  readonly position: number;
  readonly workflow: string;
  readonly revision: string;
  readonly state: string;
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly counts: RunCounts;
  /** Recorded for a server to begin. */
  readonly detached: boolean;
  /** Null when no process owns the run. */
  readonly owner: OwnerRow | null;
  readonly fence: number;
  /** How many events the run has. */
  readonly runSeq: number;
}

/** How many targets of a run are in which state. */
export interface RunCounts {
  readonly total: number;
  readonly queued: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
}

/** The owner of a run as the store knows it. */
export interface OwnerRow extends Owner {
  /** Milliseconds since 1970 until which the owner's word holds. */
  readonly leaseUntil: number;
}

/** The last finished target of a repository. */
export interface RepositoryResult {
  readonly repository: string;
  readonly runId: string;
  readonly job: string;
  readonly state: string;
  readonly endedAt: number;
}

/** What is shown or changed about a run and is not derived: somebody asks its owner for something. */
export interface RunRequest {
  readonly id: number;
  readonly runId: string;
  readonly kind: "cancel";
  readonly actor: string;
  readonly reason: string;
  readonly time: number;
  /** End running steps without grace. */
  readonly atOnce: boolean;
}

/** Where a run's events are written and read. The only writer of a run's events is its owner. */
export interface RunJournal {
  /**
   * Records a new run with its first events. With an idempotency key that is known, nothing is written and the known run is named.
   * Resolves when durable.
   */
  createRun(run: NewRun): Promise<CreatedRun>;
  /**
   * Adds events at the end of a run's history, with the row that follows from them; resolves when durable.
   *
   * @throws StaleOwnerError when the fence is not the run's (another process took over).
   * @throws RunSeqError when `expectedRunSeq` is not the run's last.
   * @returns false, with nothing written, when `admitBelow` was asked for and there is no slot.
   */
  append(runId: string, events: readonly NewEvent[], options: AppendOptions): Promise<boolean>;
  /** Events after `afterRunSeq` (default 0), oldest first. */
  readEvents(runId: string, afterRunSeq?: number): Promise<readonly EventRecord[]>;
}

/** A run to be recorded. */
export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly revision: string;
  readonly actor: string;
  /** Known to the store by an earlier heartbeat. Null for a detached run: it waits until a server claims it. */
  readonly owner: Owner | null;
  readonly idempotencyKey?: string;
  readonly extent: RunExtent;
  readonly events: readonly NewEvent[];
  readonly row: RunProjection;
  /** What is added in the same transaction when a run slot is free; see `AppendOptions.admitBelow`. Null for a detached run. */
  readonly start: { readonly admitBelow: number; readonly event: NewEvent; readonly row: RunProjection } | null;
  /**
   * Told of the outcome before it is durable: what it appends before it returns is written in the same transaction. Nothing else may be
   * done with the outcome before the promise resolves; it is worth nothing if that rejects.
   */
  readonly early?: (created: CreatedRun) => void;
}

/** What a run is about, so that it can be found by it. It never changes. */
export interface RunExtent {
  /** Names of all repositories of its plan. */
  readonly repositories: readonly string[];
  /** Ids of all jobs of its workflow. */
  readonly jobs: readonly string[];
}

/** What became of a run to be recorded. */
export interface CreatedRun {
  readonly runId: string;
  /** False when the idempotency key was known; `runId` is then the earlier run's. */
  readonly created: boolean;
  /** Whether a slot was free, and the run's start is recorded too. */
  readonly started: boolean;
  readonly fence: number;
  /** The run's place in the order of creation, which is the order of admission. */
  readonly position: number;
}

/** A run that was taken over. */
export interface ClaimedRun {
  /** 1 when nobody has owned the run before. */
  readonly fence: number;
  readonly position: number;
}

/** A run that an owner owns by what the store says. */
export interface OwnedRun {
  readonly runId: string;
  readonly fence: number;
}

/** A run that waits for somebody to go on with it. */
export interface UnownedRun {
  readonly runId: string;
  readonly state: string;
}

/** The parts of a run's row that follow from its events. */
export interface RunProjection {
  readonly state: string;
  readonly reason: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly counts: RunCounts;
}

/** How events are appended. */
export interface AppendOptions {
  readonly expectedRunSeq: number;
  readonly fence: number;
  readonly row?: RunProjection;
  readonly results?: readonly RepositoryResult[];
  /** The request that these events answer; it is removed with them. */
  readonly answers?: number;
  /** Write only when fewer than this many runs of live owners are going on and no older run of one waits. */
  readonly admitBelow?: number;
  /** Give the run up: no owner afterwards. */
  readonly release?: boolean;
}

/** Reading runs, and taking them over. */
export interface RunDirectory {
  listRuns(query: RunQuery): Promise<readonly RunRow[]>;
  getRun(runId: string): Promise<RunRow | null>;
  /**
   * Ids of runs that wait for somebody to take them over, oldest first. It costs the same however many runs are over.
   *
   * @param query.visible As in `RunQuery`.
   */
  listInterrupted(query: Pick<RunQuery, "visible" | "limit">): Promise<readonly string[]>;
  /** Names of the repositories of each of these runs. */
  listRunRepositories(runIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Ids that begin with a prefix, at most `limit`. */
  findRunIds(prefix: string, limit: number): Promise<readonly string[]>;
  /** The ids before and after one in the order of ids: none is more like it. */
  findRunNeighbours(id: string): Promise<readonly string[]>;
  /**
   * Makes `owner` the owner with a higher fence, or null while the present owner's lease holds. Of a run that is over, requests that
   * came too late are dropped.
   */
  claimRun(runId: string, owner: Owner): Promise<ClaimedRun | null>;
  /**
   * Makes the owner's word hold until `leaseUntil`; the first call makes the owner known. An owner whose lease had ended holds no
   * step slots any more: others may have taken them.
   */
  heartbeat(owner: Owner, leaseUntil: number, kind?: OwnerKind): Promise<void>;
  /** Owners that live and last told that they are servers. */
  listServers(): Promise<readonly OwnerRow[]>;
  /**
   * Runs that nobody who lives owns and that a server may go on with: first those that had begun, then those that wait to begin,
   * each in the order of creation, at most `limit` of each. It costs the same however many there are.
   */
  listUnowned(limit: number): Promise<readonly UnownedRun[]>;
  /** The active runs of an owner; one that it believes to own and that is missing, or has another fence, was taken over. */
  listOwnedRuns(owner: Owner): Promise<readonly OwnedRun[]>;
  /** Forgets an owner: its leases and step slots end at once. */
  removeOwner(owner: Owner): Promise<void>;
  /**
   * Asks for step slots of the workspace for this owner, and says how many it holds now (also when it gives some back).
   * The slots of all live owners together never exceed `limit`; what was asked for and not given is known to others as wanted.
   */
  holdStepSlots(owner: Owner, slots: number, limit: number): Promise<StepSlots>;
  /** Newest result of each repository. */
  lastResults(): Promise<readonly RepositoryResult[]>;
  /** Asks a run's owner to cancel it. Of a run that is over nothing can be asked: the request is dropped. */
  requestCancel(request: Omit<RunRequest, "id" | "kind">): Promise<void>;
  /** Requests for runs of this owner. */
  listRequests(owner: Owner): Promise<readonly RunRequest[]>;
}

/** How the workspace's step slots are shared. */
export interface StepSlots {
  /** Slots that this owner holds now. */
  readonly held: number;
  /** Live owners, this one included, that hold or want slots. */
  readonly sharers: number;
  /** How many of the others hold none and want one. */
  readonly starving: number;
}

/** Which runs to list, newest first. */
export interface RunQuery {
  /** As lists show them, `interrupted` included. */
  readonly states?: readonly string[];
  readonly workflow?: string;
  /** All of them must hold. */
  readonly filters?: readonly RunFilter[];
  /**
   * Names of the only repositories that whoever asks may see: only runs over at least one of them, and no filter tells anything of
   * others. All when left out.
   */
  readonly visible?: readonly string[];
  /** Only runs created before this position. */
  readonly beforePosition?: number;
  /** Only runs at this position or after it: what is looked at is bounded, however little of it is found. */
  readonly fromPosition?: number;
  readonly limit: number;
}

/** The state store of a workspace. */
export interface Store
  extends
    RunJournal,
    RunDirectory,
    AuditTrail,
    TokenRegister,
    SigningKeyStore,
    SessionRegister,
    WebhookStore,
    BackupRegister,
    ObjectiveStore,
    PurgeStore,
    ProjectionStore,
    AlertStore,
    StoreProbe,
    AsyncDisposable {
  /** A number that changes whenever another process has written. Costs microseconds. */
  dataVersion(): number;
  /** Another text whenever anybody has written, this process included. Costs microseconds. */
  changeMark(): string;
  /** A random id made with the database. */
  readonly workspaceId: string;
}
