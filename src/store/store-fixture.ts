import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { bootId, identifyProcess } from "../lib/process-identity.ts";
import type { NewEvent, NewRun, Owner, RunCounts, RunProjection } from "./contract.ts";
import { openStore, type SqliteStore } from "./open-store.ts";

/** For tests: a temporary folder, removed afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For tests: a store in a temporary folder. */
export async function withStore<T>(
  body: (store: SqliteStore, file: string) => Promise<T>,
  now?: () => number,
): Promise<T> {
  return await withFolder(async (folder) => {
    const file = join(folder, "state.db");
    await using store = openStore({ file, ...(now === undefined ? {} : { now }) });
    return await body(store, file);
  });
}

/** An owner that is this very process. */
export function livingOwner(): Owner {
  const identity = identifyProcess(process.pid);
  if (identity === null) throw new Error("this process cannot see itself");
  return { id: randomUUID(), ...identity };
}

/** An owner whose process has ended. */
export function deadOwner(): Owner {
  const { pid } = spawnSync("true");
  return { id: randomUUID(), pid, startTime: "1", bootId: bootId() };
}

/** Counts of a run with one target that is queued. */
export const counts: RunCounts = {
  total: 1,
  queued: 1,
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
};

/** The row of a run in a state. */
export function rowOf(state: string): RunProjection {
  const isOver = ["succeeded", "partial", "failed", "cancelled"].includes(state);
  return { state, reason: `is ${state}`, startedAt: state === "queued" ? null : 1, endedAt: isOver ? 2 : null, counts };
}

/** An event. */
export function eventOf(type: string, data: unknown = {}): NewEvent {
  return { type, v: 1, time: 1, actor: "local:test", reason: "a test", data };
}

/** A run to be recorded. */
export function newRun(
  id: string,
  owner: Owner,
  rest: Partial<NewRun> & { readonly admitBelow?: number } = {},
): NewRun {
  const { admitBelow = 10, ...others } = rest;
  return {
    id,
    workflow: "w",
    revision: "r",
    actor: "local:test",
    owner,
    extent: { repositories: [], jobs: [] },
    events: [eventOf("run.created", { id })],
    row: rowOf("queued"),
    start: { admitBelow, event: eventOf("run.started"), row: rowOf("running") },
    ...others,
  };
}

/** A second process with the same store. */
export interface StoreProcess extends AsyncDisposable {
  readonly owner: Owner;
  /** Calls a method of the store there. */
  call<Method extends StoreMethod>(
    method: Method,
    ...args: Parameters<SqliteStore[Method]>
  ): Promise<Awaited<ReturnType<SqliteStore[Method]>>>;
  /** Keeps the write lock there until `release`. */
  lock(): Promise<{ release(): Promise<void> }>;
  signal(signal: NodeJS.Signals): void;
}

/** Methods of a store that a second process can be asked for. */
export type StoreMethod = {
  [Name in keyof SqliteStore]: SqliteStore[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof SqliteStore & string];

interface Reply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Starts a process that opens the same store file. */
export async function startStoreProcess(file: string): Promise<StoreProcess> {
  const child = fork(join(import.meta.dirname, "store-process.ts"), [file], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  child.on("message", (message) => {
    const { call, value, error } = message as Reply;
    const waiting = pending.get(call);
    pending.delete(call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  });
  let calls = 0;
  const ask = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    calls += 1;
    const waiting = Promise.withResolvers<unknown>();
    pending.set(calls, waiting);
    child.send({ call: calls, method, args });
    return await waiting.promise;
  };
  const owner = (await ask("owner", [])) as Owner;
  return {
    owner,
    call: async (method, ...args) => (await ask(method, args)) as never,
    lock: async () => {
      await ask("lock", []);
      return { release: async () => void (await ask("unlock", [])) };
    },
    signal: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
