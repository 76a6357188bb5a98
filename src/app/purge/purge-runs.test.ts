import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Workspace } from "../../engine/engine-fixture.ts";
import { makeJob, makePlanOf, makeStep, makeUse, makeWorkflow, planTarget } from "../../engine/plan-fixture.ts";
import { makeSystemActions } from "../system-actions.ts";
import { planPurge, purgeName } from "./plan-purge.ts";
import { chooseLogFiles } from "./purge-log.ts";
import type { PurgeOrder } from "./purge-order.ts";
import { purgeRuns } from "./purge-runs.ts";
import type { PurgeTools } from "./purge-parts.ts";

function toolsOf(workspace: Workspace): PurgeTools {
  return {
    store: workspace.store,
    stateFolder: workspace.path(".mahavishnu"),
    runsFolder: workspace.path(".mahavishnu/runs"),
    worktreesFolder: workspace.path(".mahavishnu/worktrees"),
    allowedRoots: async () => await Promise.resolve([workspace.folder]),
  };
}

const plan = makePlanOf(makeWorkflow([makeJob("a", [makeStep("say", "echo hello")])]), [planTarget("a", null)]);
const order = (rest: Partial<PurgeOrder> = {}): PurgeOrder => ({
  at: Date.now() + 10_000,
  runs: { succeeded: { age: 0, count: 0 } },
  expired: false,
  ...rest,
});

describe("a purge", () => {
  it("is a run with what it did as outputs, log and audit entry, and never forgets itself", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine({ actions: [...makeSystemActions(toolsOf(workspace)).values()] });
    const begin = async (asked: typeof plan): Promise<{ runId: string; state: string; outputs: unknown }> => {
      const { runId, handle } = await engine.start({ plan: asked, actor: "user:dana", reason: "a test" });
      const state = await handle?.done;
      return { runId, state: state?.state ?? "", outputs: [...(state?.targets.values() ?? [])][0]?.steps[0]?.outputs };
    };
    const old = await begin(plan);
    const purge = await begin(planPurge(order()));
    expect(purge).toMatchObject({ state: "succeeded", outputs: { runs: "1", trees: "0", kept: "0", bytes: "6" } });
    expect((await workspace.store.listRuns({ limit: 10 })).map(({ id }) => id)).toEqual([purge.runId]);
    expect(workspace.has(".mahavishnu/runs", old.runId)).toBe(false);
    expect(workspace.read(".mahavishnu/runs", purge.runId, "purge/once/runs.1.log")).toContain(
      `${old.runId}: succeeded`,
    );
    expect(await workspace.store.listAudit({ limit: 10 })).toMatchObject([
      {
        actor: "user:dana",
        action: "state:purge",
        resource: `run:${purge.runId}`,
        after: { purged: "runs", runs: "1" },
      },
    ]);
    // The one before goes with the next, whatever it was.
    const next = await begin(planPurge(order()));
    expect((await workspace.store.listRuns({ limit: 10 })).map(({ id }) => id)).toEqual([next.runId]);
  });

  it("is nothing that a workflow can do", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine({ actions: [...makeSystemActions(toolsOf(workspace)).values()] });
    const input = { part: "runs", at: Date.now(), rule: {} };
    const cheat = makePlanOf(makeWorkflow([makeJob("a", [makeUse("x", purgeName, input)])]), [planTarget("a", null)]);
    const { handle } = await engine.start({ plan: cheat, actor: "user:eve", reason: "a test" });
    const state = await handle?.done;
    expect(state?.state).toBe("failed");
    expect(state?.targets.get("a")?.cause.reason).toContain("no action of workflows");
  });

  it("removes output after its own time and leaves the history", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine({ actions: [...makeSystemActions(toolsOf(workspace)).values()] });
    const { runId, handle } = await engine.start({ plan, actor: "user:dana", reason: "a test" });
    await handle?.done;
    const purge = await engine.start({
      plan: planPurge(order({ runs: {}, output: { age: 0, count: 9 } })),
      actor: "user:dana",
      reason: "a test",
    });
    await purge.handle?.done;
    expect(workspace.has(".mahavishnu/runs", runId)).toBe(false);
    expect(await workspace.store.readEvents(runId)).not.toEqual([]);
    // Its own log is still written.
    expect(workspace.has(".mahavishnu/runs", purge.runId, "purge/once/output.1.log")).toBe(true);
  });

  it("ends between two parts when it is cancelled, and the next one sweeps what it left", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { runId, handle } = await engine.start({ plan, actor: "user:dana", reason: "a test" });
      await handle?.done;
      ids.push(runId);
    }
    const { runId } = await engine.record({ plan, actor: "user:dana", reason: "stands for the purge" });
    const tools = toolsOf(workspace);
    const aborting = new AbortController();
    const lines: string[] = [];
    const context = {
      runId,
      signal: aborting.signal,
      log: (line: string) => {
        lines.push(line);
        if (lines.length === 3) aborting.abort(new Error("cancelled"));
      },
    };
    const part = { tools, context, actor: "user:dana", at: Date.now() + 1 };
    const rules = { succeeded: { age: 0, count: 0 } };
    await expect(purgeRuns(part, rules)).rejects.toThrow("cancelled");
    // Nobody sees them any more, and what they left is noted.
    expect((await workspace.store.listPurged(10)).map(({ id }) => id)).toEqual(ids);
    const again = { ...part, context: { ...context, signal: new AbortController().signal } };
    expect(await purgeRuns(again, rules)).toMatchObject({ runs: "0", bytes: "18" });
    expect(await workspace.store.listPurged(10)).toEqual([]);
    for (const id of ids) expect(workspace.has(".mahavishnu/runs", id)).toBe(false);
  });

  it("removes the folder of a tree whose repository is gone, and says so", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    const repository = workspace.repository("ledger");
    const job = makeJob("a", [makeStep("x", "exit 1")], {
      checkout: "worktree",
      sweep: { order: "none", onFailure: { mode: "continue" }, allowEmpty: false },
    });
    const fails = makePlanOf(makeWorkflow([job]), [planTarget("a", "ledger")], [repository]);
    const { runId, handle } = await engine.start({ plan: fails, actor: "user:dana", reason: "a test" });
    await handle?.done;
    writeFileSync(workspace.path(".mahavishnu/worktrees", runId, "ledger/new.txt"), "work");
    mkdirSync(workspace.path("elsewhere"));
    const tools: PurgeTools = {
      ...toolsOf(workspace),
      allowedRoots: async () => await Promise.resolve([workspace.path("elsewhere")]),
    };
    const own = await engine.record({ plan, actor: "user:dana", reason: "stands for the purge" });
    const lines: string[] = [];
    const context = {
      runId: own.runId,
      signal: new AbortController().signal,
      log: (line: string) => void lines.push(line),
    };
    const part = { tools, context, actor: "user:dana", at: Date.now() + 1 };
    const outputs = await purgeRuns(part, { failed: { age: 0, count: 0 } });
    expect(outputs).toMatchObject({ runs: "1", trees: "1", treesWithWork: "1" });
    expect(workspace.has(".mahavishnu/worktrees", runId)).toBe(false);
    expect(workspace.has("repos/ledger/README.md")).toBe(true);
    expect(lines.join("\n")).toMatch(/work in it that is nowhere else\n.*ledger itself was left alone/);
  });
});

describe("files of the service's log", () => {
  const hour = 3_600_000;
  const files = [1, 2, 3, 4].map((n) => ({ name: `${n}.ndjson`, bytes: 10, writtenAt: n * hour }));
  const gone = (age: number, bytes: number, at: number): string[] =>
    chooseLogFiles(files, { age, bytes }, at).map(({ name }) => name[0] ?? "");

  it("go by age, then by size the oldest first, and never what may be open", () => {
    expect(gone(2.5 * hour, 1_000, 5.5 * hour)).toEqual(["1", "2"]);
    expect(gone(100 * hour, 20, 5.5 * hour)).toEqual(["1", "2"]);
    expect(gone(0, 0, 4.5 * hour)).toEqual(["1", "2", "3"]);
    expect(gone(100 * hour, 1_000, 5 * hour)).toEqual([]);
  });
});
