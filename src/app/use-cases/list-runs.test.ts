import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load-config.ts";
import { deadOwner, livingOwner, newRun, rowOf } from "../../store/store-fixture.ts";
import type { AppContext } from "../app-context.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { listInterruptedRuns, listRuns, type ListRunsInput } from "./runs.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "list-runs-"));
  const binding = "{ subject: 'user:rolf', role: runner, where: 'tag:edge' }";
  const config = `version: 1\nauth: { enabled: false }\naccess: { bindings: [${binding}] }\n`;
  await writeFile(join(workspace, "mahavishnu.yaml"), config);
  const repos = ["  gateway: { tags: [edge] }", "  proxy: { tags: [edge] }", "  ledger: { tags: [money] }", ""];
  await writeFile(join(workspace, "repos.yaml"), ["version: 1", "repos:", ...repos].join("\n"));
  await using app = await open();
  const store = await app.store();
  const living = livingOwner();
  const dead = deadOwner();
  await store.heartbeat(living, Date.now() + 3_600_000);
  await store.heartbeat(dead, Date.now() + 3_600_000);
  const runs = [
    ["a1", "failed", ["gateway"], "no target succeeded"],
    ["a2", "failed", ["ledger"], "no target succeeded"],
    ["a3", "partial", ["gateway", "ledger"], "cancelled: ledger is broken, gateway is not"],
    ["a4", "running", ["proxy"], "a run slot was free"],
    ["a5", "running", ["proxy", "gone"], "a run slot was free"],
    ["a6", "running", ["ledger"], "a run slot was free"],
    ["a7", "succeeded", [], "no repository was selected"],
  ] as const;
  for (const [id, state, repositories, reason] of runs) {
    const owner = id === "a5" || id === "a6" ? dead : living;
    // Their events tell nothing, and cannot be replayed: lists never look at them.
    const run = newRun(id, owner, { extent: { repositories, jobs: ["test"] } });
    await store.createRun({ ...run, row: { ...rowOf(state), reason }, start: null });
  }
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function open(name?: string): Promise<AppContext> {
  const env = { PATH: process.env["PATH"] };
  const loaded = await loadConfig({ workspace, env, set: [] });
  return openApp({ loaded, env, ...(name === undefined ? {} : { subject: { name, groups: [] } }) });
}

async function idsOf(app: AppContext, input: Partial<ListRunsInput>): Promise<string[]> {
  const { items, nextCursor } = await perform(app, listRuns, { limit: 20, ...input });
  expect(nextCursor).toBeNull();
  return items.map(({ id }) => id);
}

describe("listRuns", () => {
  it.each([
    [{}, ["a7", "a6", "a5", "a4", "a3", "a2", "a1"]],
    [{ filter: "state:failed" }, ["a2", "a1"]],
    [{ states: ["failed", "partial"], filter: "repo:ledger" }, ["a3", "a2"]],
    [{ states: ["interrupted"] }, ["a6", "a5"]],
    [{ states: ["running"] }, ["a4"]],
    [{ states: [] }, []],
    [{ workflow: "w", filter: "repo:g*" }, ["a5", "a3", "a1"]],
    [{ workflow: "*" }, []],
    [{ filter: 'reason:"gateway is not" || id:a7' }, ["a7", "a3"]],
    [{ filter: "job:tes? && !repo:*" }, ["a7"]],
    [{ filter: "since:1h" }, []],
  ])("finds for the owner by %j", async (input, ids) => {
    await using app = await open();
    expect(await idsOf(app, input)).toEqual(ids);
  });

  it.each([
    [{}, ["a5", "a4", "a3", "a1"]],
    [{ filter: "repo:ledger" }, []],
    [{ filter: "!repo:ledger" }, ["a5", "a4", "a3", "a1"]],
    [{ filter: "repo:gone || repo:nobody" }, []],
    [{ filter: "repo:g*" }, ["a3", "a1"]],
    [{ filter: "reason:ledger" }, []],
    [{ filter: "reason:gateway" }, []],
    [{ filter: "reason:target" }, ["a1"]],
    [{ states: ["interrupted"] }, ["a5"]],
  ])("finds within a scope by %j, and nothing tells what is beyond it", async (input, ids) => {
    await using app = await open("user:rolf");
    expect(await idsOf(app, input)).toEqual(ids);
  });

  it("shows a reason without the names of hidden repositories", async () => {
    await using app = await open("user:rolf");
    const { items } = await perform(app, listRuns, { limit: 20 });
    expect(items.find(({ id }) => id === "a3")?.reason).toBe("cancelled: (hidden-1) is broken, gateway is not");
    expect(JSON.stringify(items)).not.toContain("ledger");
  });

  it("gives pages that follow each other, also within a scope", async () => {
    await using app = await open("user:rolf");
    const first = await perform(app, listRuns, { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(["a5", "a4"]);
    const second = await perform(app, listRuns, { limit: 2, cursor: first.nextCursor ?? "" });
    expect([second.items.map(({ id }) => id), second.nextCursor]).toEqual([["a3", "a1"], null]);
  });

  it("shows where a filter is wrong", async () => {
    await using app = await open();
    await expect(perform(app, listRuns, { limit: 1, filter: "state:faild" })).rejects.toMatchObject({
      code: "USAGE",
      message: [
        'filter:1:7  "faild" is not a state of a run',
        "    1 | state:faild",
        '      |       ^^^^^ did you mean "failed"?',
      ].join("\n"),
    });
  });
});

describe("listInterruptedRuns", () => {
  it("names the oldest first, and those alone of which something may be seen", async () => {
    await using app = await open();
    expect((await perform(app, listInterruptedRuns, {})).items).toEqual(["a5", "a6"]);
    await using scoped = await open("user:rolf");
    expect((await perform(scoped, listInterruptedRuns, {})).items).toEqual(["a5"]);
  });
});
