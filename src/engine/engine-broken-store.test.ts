import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { begin, execute, planOnce, until, Workspace } from "./engine-fixture.ts";
import { makeJob, makeStep } from "./plan-fixture.ts";

/** Makes every transaction fail that touches a table of the workspace's state, until it is put back. */
function breakTable(workspace: Workspace, table: string): { mend(): void } {
  const rename = (from: string, to: string): void => {
    const db = new DatabaseSync(workspace.path(".mahavishnu/state.db"), { timeout: 10_000 });
    db.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    db.close();
  };
  rename(table, "away");
  return { mend: () => rename("away", table) };
}

const plan = planOnce([makeJob("j", [makeStep("s")])]);

describe("an engine whose store cannot write", { timeout: 60_000 }, () => {
  it("rejects what cannot be recorded, leaves nothing unhandled, and goes on once it can", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    // The first start writes the owner's lease in the same transaction.
    const broken = breakTable(workspace, "event");
    await expect(begin(engine, plan)).rejects.toThrow(/no such table/);
    // What is unhandled is told in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    await until(async () => (await engine.release()).length === 0, "the run that was never recorded");
    expect(await workspace.store.listRuns({ limit: 9 })).toEqual([]);
    broken.mend();
    expect((await execute(engine, plan)).state).toBe("succeeded");
  });

  it("fails a run that goes on with what the store says, and closes", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    const step = makeStep("s", `until test -e ${workspace.path("go")}; do sleep 0.02; done`);
    const handle = await begin(engine, planOnce([makeJob("j", [step])]));
    const event = breakTable(workspace, "event");
    workspace.write("go");
    await expect(handle.done).rejects.toThrow(/no such table/);
    event.mend();
    breakTable(workspace, "owner");
    await engine[Symbol.asyncDispose]();
  });
});
