import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Action } from "./contract.ts";
import { begin, lives, planOnce, targetOf, until, Workspace } from "./engine-fixture.ts";
import { makeJob, makeUse } from "./plan-fixture.ts";
import { startEngineProcess } from "./start-engine-process.ts";

describe("a process that an action has started", { timeout: 60_000 }, () => {
  const plan = planOnce([makeJob("j", [makeUse("s", "test/leave")])]);
  const actionOf = (run: Action["run"]): Action => {
    return { name: "test/leave", description: "", inputSchema: {}, needsRepository: false, run };
  };

  it("is ended before another owner goes on, also without the mark of its attempt", async () => {
    await using workspace = new Workspace();
    await using other = await startEngineProcess(workspace);
    const runId = await other.start(plan);
    await until(() => workspace.read("left") !== "", "the process");
    await other.kill();
    const left = Number(workspace.read("left"));
    expect(lives(left)).toBe(true);
    const seen: boolean[] = [];
    const again = actionOf(async () => {
      seen.push(lives(left));
      return {};
    });
    const state = await (await workspace.engine({ actions: [again] }).resume(runId)).done;
    expect([state.state, seen]).toEqual(["succeeded", [false]]);
    expect(readdirSync(workspace.path(".mahavishnu/runs", runId, "j/once"))).toEqual([]);
  });

  it("is not looked for in notes that a crash has damaged", async () => {
    await using workspace = new Workspace();
    await using other = await startEngineProcess(workspace);
    const runId = await other.start(plan);
    await until(() => workspace.read("left") !== "", "the process");
    await other.kill();
    const notes = [".mahavishnu/runs", runId, "j/once/s.1.pids"] as const;
    workspace.write(join(...notes), `null\n{"pid":-1}\n\0\0\n${workspace.read(...notes)}{"pid":12`);
    const state = await (await workspace.engine({ actions: [actionOf(async () => ({}))] }).resume(runId)).done;
    expect([state.state, lives(Number(workspace.read("left")))]).toEqual(["succeeded", false]);
  });

  it("is ended with an attempt that heeds nothing", async () => {
    await using workspace = new Workspace();
    const pids: number[] = [];
    const deaf = actionOf(async (_, { started }) => {
      const { pid = 0 } = spawn("sleep", ["300"], { env: {}, detached: true, stdio: "ignore" });
      started(pid);
      pids.push(pid);
      return await new Promise(() => undefined);
    });
    const handle = await begin(workspace.engine({ actions: [deaf], limits: { graceMs: 50 } }), plan);
    await until(() => pids.length > 0, "the process");
    await handle.cancel({ actor: "local:test", reason: "enough", atOnce: false });
    const state = await handle.done;
    expect([targetOf(state, "j").state, pids.map(lives)]).toEqual(["cancelled", [false]]);
  });
});
