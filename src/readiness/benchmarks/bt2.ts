import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { newRunId } from "../../lib/ids.ts";
import { identifyProcess } from "../../lib/process-identity.ts";
import type { NewEvent, Owner, RunProjection, Store } from "../../store/contract.ts";
import { openStore } from "../../store/open-store.ts";
import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { measureRate, warmUpRate } from "./measure-rate.ts";

const warmUp = { windowMs: 250, mostMs: 2_000 };
const sliceMs = 150;

/** An event as the end of a step is: some 250 bytes. */
const event: NewEvent = {
  type: "step.finished",
  v: 1,
  time: 1_700_000_000_000,
  actor: "engine",
  reason: "exit 0",
  data: {
    target: "work/repository",
    step: "test",
    attempt: 1,
    state: "succeeded",
    exitCode: 0,
    outputs: { changed: "true" },
    output: { file: "work/repository/test.1.log", bytes: 1_024, sha256: "0".repeat(64), truncated: false },
  },
};

const counts = { total: 1, queued: 0, running: 1, succeeded: 0, failed: 0, cancelled: 0, skipped: 0 };
const row: RunProjection = { state: "running", reason: "measured", startedAt: event.time, endedAt: null, counts };

/** Appends events to a scratch store, one writer for each step that may execute at once, each waiting until its own is durable. */
export async function openEventThroughput(context: CheckContext): Promise<BenchmarkBody> {
  const { config } = await context.config();
  const { folder } = await context.stateScratch("bt2");
  const store = openStore({ file: join(folder, "state.db") });
  try {
    const writers = await openWriters(store, config.limits.maxConcurrentSteps);
    return {
      sample: async (signal, isWarmUp) => {
        const load = { work: async (worker: number) => await writers[worker]?.(), workers: writers.length, signal };
        return isWarmUp ? await warmUpRate(load, warmUp) : await measureRate({ ...load, sliceMs, slices: 1 });
      },
      [Symbol.asyncDispose]: async () => await store[Symbol.asyncDispose](),
    };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** One run for each writer, since a run's events have an order. */
async function openWriters(store: Store, count: number): Promise<readonly (() => Promise<void>)[]> {
  const identity = identifyProcess(process.pid);
  if (identity === null) throw new Error("this process cannot see itself");
  const owner: Owner = { id: randomUUID(), ...identity };
  // Longer than any measurement: a benchmark of the store needs no sign of life.
  await store.heartbeat(owner, Date.now() + 3_600_000);
  return await Promise.all(Array.from({ length: count }, async () => await openWriter(store, owner)));
}

async function openWriter(store: Store, owner: Owner): Promise<() => Promise<void>> {
  const { runId, fence, started } = await store.createRun({
    id: newRunId(),
    workflow: "measured",
    revision: "000000000000",
    actor: "suite",
    owner,
    extent: { repositories: [], jobs: [] },
    events: [event],
    row,
    start: { admitBelow: Number.MAX_SAFE_INTEGER, event, row },
  });
  let runSeq = started ? 2 : 1;
  return async () => {
    await store.append(runId, [event], { expectedRunSeq: runSeq, fence });
    runSeq += 1;
  };
}
