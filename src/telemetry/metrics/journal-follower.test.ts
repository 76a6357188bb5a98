import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { silentLog, type Log } from "../../lib/log.ts";
import type { NewEvent } from "../../store/contract.ts";
import { openStore, type SqliteStore } from "../../store/open-store.ts";
import { eventOf, livingOwner, newRun, rowOf, withFolder, withStore } from "../../store/store-fixture.ts";
import { countedTypes, JournalCounts, maxWorkflows } from "./journal-counts.ts";
import { JournalFollower } from "./journal-follower.ts";
import { renderExposition } from "./render-exposition.ts";

/** Records runs that begin and end; `workflowOf` names the workflow of each. */
async function recordRuns(
  store: SqliteStore,
  count: number,
  { first = 0, workflowOf = () => "w" }: { readonly first?: number; readonly workflowOf?: (n: number) => string } = {},
): Promise<void> {
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  const events: readonly NewEvent[] = [
    eventOf("step.started"),
    eventOf("step.finished", { state: "failed", failure: "exit" }),
    eventOf("step.finished", { state: "succeeded", failure: null }),
    eventOf("target.finished", { state: "succeeded" }),
    eventOf("run.finished", { state: "succeeded" }),
  ];
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const id = String(first + index).padStart(10, "0");
      await store.createRun(newRun(id, owner, { workflow: workflowOf(first + index), admitBelow: 1_000_000 }));
      const about = { expectedRunSeq: 2, fence: 1, row: rowOf("succeeded"), release: true };
      await store.append(id, events, about);
    }),
  );
}

/** What a follower tells, once it has read the whole journal. */
async function textOf(follower: JournalFollower): Promise<string> {
  for (;;) {
    const counts = await follower.read({ waitMs: 60_000 });
    if (counts !== null) return renderExposition(counts.families(), "text");
    await delay(1);
  }
}

const quick = { lookMs: 1, keepMs: 1, partSize: 7 };

describe("JournalFollower", () => {
  it("bounds the series of 5,000 runs of 300 workflows", async () => {
    await withStore(async (store) => {
      await recordRuns(store, 5_000, { workflowOf: (n) => `w${n % 300}` });
      await using follower = await JournalFollower.open({ store, log: silentLog });
      const text = await textOf(follower);
      const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      const workflows = new Set([...text.matchAll(/workflow="([^"]+)"/g)].map(([, name]) => name));
      expect(workflows.size).toBe(maxWorkflows + 1);
      // Begun, four ends, and a histogram of 14 lines for each; then what has no workflow.
      expect(series).toHaveLength((maxWorkflows + 1) * 19 + 14 + 4 + 6);
      const begun = series.filter((line) => line.startsWith("mahavishnu_runs_started_total"));
      expect(begun.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)).toBe(5_000);
      expect(text).toContain('mahavishnu_step_attempts_total{result="failed"} 5000\n');
      const bytes = text.length;
      await recordRuns(store, 500, { first: 5_000, workflowOf: (n) => `later${n}` });
      const more = await textOf(follower);
      expect(more.split("\n")).toHaveLength(text.split("\n").length);
      expect(more.length).toBeLessThan(bytes * 1.01);
    });
  }, 30_000);

  it("is not wrong by one when two servers count, whoever keeps what when", async () => {
    await withFolder(async (folder) => {
      const file = `${folder}/state.db`;
      await using a = openStore({ file });
      await using b = openStore({ file });
      await using first = await JournalFollower.open({ store: a, log: silentLog, ...quick });
      await using second = await JournalFollower.open({ store: b, log: silentLog, ...quick, keepMs: 3 });
      for (let round = 0; round < 10; round += 1) {
        await recordRuns(round % 2 === 0 ? a : b, 20, { first: 20 * round });
        const whole = await textOf(first);
        expect(await textOf(second)).toBe(whole);
        expect(whole).toContain(`mahavishnu_runs_finished_total{workflow="w",state="succeeded"} ${20 * round + 20}\n`);
      }
      const { seq, body } = (await a.readProjection("metrics")) ?? { seq: -1, body: "" };
      const kept = JournalCounts.fromSnapshot(body);
      for (const fact of (await a.readFacts(seq, ["run.finished"], 10_000)).facts) kept?.apply(fact);
      expect(renderExposition(kept?.families() ?? [], "text")).toContain('{workflow="w",state="succeeded"} 200\n');
    });
  });

  it("neither loses nor doubles one when it is killed between two keeps", async () => {
    await withFolder(async (folder) => {
      const file = `${folder}/state.db`;
      await using store = openStore({ file });
      const keptSeq = async (): Promise<number> => (await store.readProjection("metrics"))?.seq ?? 0;
      for (let round = 0; round < 4; round += 1) {
        const child = fork(join(import.meta.dirname, "follower-process.ts"), [file]);
        const killed = once(child, "exit");
        await once(child, "message");
        const before = await keptSeq();
        await recordRuns(store, 60, { first: 100 * round });
        await expect.poll(keptSeq, { interval: 1 }).toBeGreaterThan(before);
        await recordRuns(store, 40, { first: 100 * round + 60 });
        child.kill("SIGKILL");
        await killed;
      }
      await using after = await JournalFollower.open({ store, log: silentLog });
      const anew = new JournalCounts();
      for (const fact of (await store.readFacts(0, countedTypes, 1_000_000)).facts) anew.apply(fact);
      expect(await textOf(after)).toBe(renderExposition(anew.families(), "text"));
      expect(await textOf(after)).toContain('mahavishnu_runs_finished_total{workflow="w",state="succeeded"} 400\n');
    });
  }, 30_000);

  it("goes on from what was kept, also when the events before that are not there any more", async () => {
    await withStore(async (store) => {
      await recordRuns(store, 30);
      const before = await JournalFollower.open({ store, log: silentLog });
      const whole = await textOf(before);
      await before[Symbol.asyncDispose]();
      const kept = await store.readProjection("metrics");
      expect(kept?.seq).toBe(30 * 7);
      const seen: number[] = [];
      const spy = {
        ...store,
        readFacts: async (...asked: Parameters<SqliteStore["readFacts"]>) => {
          seen.push(asked[0]);
          return await store.readFacts(...asked);
        },
      };
      await using after = await JournalFollower.open({ store: spy, log: silentLog });
      expect(await textOf(after)).toBe(whole);
      expect(Math.min(...seen)).toBe(30 * 7);
    });
  });

  it("reads a long journal in parts, and tells nothing before its end", async () => {
    await withStore(async (store) => {
      await recordRuns(store, 50);
      let gate = Promise.withResolvers<undefined>();
      const parts: number[] = [];
      const slow = {
        ...store,
        readFacts: async (...asked: Parameters<SqliteStore["readFacts"]>) => {
          parts.push(asked[0]);
          if (asked[0] > 100) await gate.promise;
          return await store.readFacts(...asked);
        },
      };
      await using follower = await JournalFollower.open({ store: slow, log: silentLog, ...quick });
      expect(await follower.read()).toBeNull();
      gate.resolve(undefined);
      expect(await textOf(follower)).toContain('mahavishnu_runs_started_total{workflow="w"} 50\n');
      expect(parts.length).toBeGreaterThan(50);
      gate = Promise.withResolvers();
      await recordRuns(store, 1, { first: 50 });
      // What is behind is left out for now, rather than waited for.
      expect(await follower.read({ waitMs: 1 })).toBeNull();
      gate.resolve(undefined);
      expect(await textOf(follower)).toContain('mahavishnu_runs_started_total{workflow="w"} 51\n');
    });
  });

  it("counts anew what another version has kept, and drops runs that have gone", async () => {
    await withStore(async (store) => {
      await recordRuns(store, 3);
      await store.saveProjection("metrics", null, { seq: 9_999, body: '{"v":0}' });
      const warned: string[] = [];
      const log: Log = { ...silentLog, warn: (message) => void warned.push(message) };
      const follower = await JournalFollower.open({ store, log, ...quick });
      expect(await textOf(follower)).toContain('mahavishnu_runs_started_total{workflow="w"} 3\n');
      await follower[Symbol.asyncDispose]();
      expect(warned).toEqual(["counts of another version are kept: the journal is counted anew"]);
      const gone = new JournalCounts();
      const about = { seq: 1, workflow: "w", createdAt: 1, time: 1, state: null, failure: null };
      gone.apply({ ...about, type: "run.started", runId: "gone" });
      gone.apply({ ...about, type: "run.started", runId: "0000000001" });
      expect(await store.saveProjection("metrics", 21, { seq: 21, body: gone.snapshot() })).toBe(true);
      await using again = await JournalFollower.open({ store, log });
      await textOf(again);
      expect((await again.read())?.openRuns).toEqual(["0000000001"]);
    });
  });

  it("says once that it cannot read, and goes on when it can", async () => {
    await withStore(async (store) => {
      let isBroken = true;
      const told: string[] = [];
      const log: Log = {
        ...silentLog,
        warn: (message) => void told.push(message),
        info: (message) => void told.push(message),
      };
      const odd = {
        ...store,
        readFacts: async (...asked: Parameters<SqliteStore["readFacts"]>) => {
          if (isBroken) throw new Error("the disk is gone");
          return await store.readFacts(...asked);
        },
      };
      await using follower = await JournalFollower.open({ store: odd, log, ...quick });
      await delay(20);
      expect(await follower.read()).toBeNull();
      isBroken = false;
      await textOf(follower);
      await expect.poll(() => told).toEqual(["the journal cannot be counted", "the journal is counted again"]);
    });
  });
});
