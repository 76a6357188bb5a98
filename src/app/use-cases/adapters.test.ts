import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { checkAdapterHealth, listAdapters } from "./adapters.ts";
import { listRuns } from "./runs.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "adapters-"));
  await writeFile(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function open(...set: readonly string[]): Promise<AppContext> {
  const env = { PATH: process.env["PATH"] };
  return openApp({ loaded: await loadConfig({ workspace, env, set }), env });
}

describe("checkAdapterHealth", () => {
  it("makes a real round trip with a new nonce each time, and leaves nothing behind", async () => {
    await using app = await open();
    const before = await readdir(workspace);
    const [first] = (await perform(app, checkAdapterHealth, {})).items;
    const [second] = (await perform(app, checkAdapterHealth, { name: "embedded" })).items;
    expect(first).toMatchObject({ name: "embedded", state: "up", canary: { echo: first?.canary?.nonce } });
    expect(first?.layers.map(({ name }) => name)).toEqual(["store", "run"]);
    expect(first?.layers.every(({ ms }) => ms > 0)).toBe(true);
    expect(second?.canary?.nonce).not.toBe(first?.canary?.nonce);
    expect(await readdir(workspace)).toEqual(before);
  });

  it("keeps its canary out of the runs of the user", async () => {
    await using app = await open();
    await perform(app, checkAdapterHealth, {});
    expect((await perform(app, listRuns, { limit: 10 })).items).toEqual([]);
    expect(await readdir(workspace)).not.toContain(".mahavishnu");
  });

  it("removes what a killed canary has left, and nothing else", async () => {
    const state = join(workspace, ".mahavishnu");
    // The highest pid that Linux can give is 2^22, so nobody has this one.
    for (const name of ["canary-4194305-abcdef", `canary-${process.pid}-abcdef`, "canary-yellow", "runs"])
      await mkdir(join(state, name), { recursive: true });
    await using app = await open();
    await perform(app, checkAdapterHealth, {});
    expect((await readdir(state)).toSorted()).toEqual([`canary-${process.pid}-abcdef`, "canary-yellow", "runs"]);
  });

  it("is down with the reason when every run of the user would be refused", async () => {
    const state = join(workspace, ".mahavishnu");
    await mkdir(state);
    await writeFile(join(state, "state.db"), Buffer.alloc(4_096, 7));
    await using app = await open();
    const [damaged] = (await perform(app, checkAdapterHealth, {})).items;
    expect(damaged).toMatchObject({ state: "down", reason: expect.stringContaining("state.db is damaged") as string });
    await rm(join(state, "state.db"));
    await writeFile(join(state, "runs"), "");
    const [blocked] = (await perform(app, checkAdapterHealth, {})).items;
    expect(blocked).toMatchObject({ state: "down", reason: expect.stringContaining("runs is a file") as string });
  });

  it("is down with the reason when the state folder cannot be used", async () => {
    await writeFile(join(workspace, ".mahavishnu"), "");
    await using app = await open();
    const [health] = (await perform(app, checkAdapterHealth, {})).items;
    expect(health).toMatchObject({ state: "down", canary: null, layers: [] });
    expect(health?.reason).toContain(".mahavishnu");
  });

  it("is down when the run fails, and when it takes too long", async () => {
    await using app = await open("limits.stepTimeout=1ms", "limits.grace=0ms");
    const [failed] = (await perform(app, checkAdapterHealth, {})).items;
    expect(failed?.state).toBe("down");
    expect(failed?.reason).toContain("timed out");
    const [late] = (await perform(app, checkAdapterHealth, { deadlineMs: 1 })).items;
    expect(late).toMatchObject({ state: "down", reason: "the canary run did not end within 1 ms" });
    expect(await readdir(workspace)).toEqual(["mahavishnu.yaml"]);
  });

  it("refuses a name that no adapter has", async () => {
    await using app = await open();
    const asked = perform(app, checkAdapterHealth, { name: "embeded" });
    await expect(asked).rejects.toMatchObject({ code: "USAGE", fix: 'did you mean "embedded"?' });
  });
});

describe("how long an adapter may take", () => {
  it.each([0, -1, 1.5, Number.NaN, 60_001])("is not %s ms", async (deadlineMs) => {
    await using app = await open();
    await expect(perform(app, checkAdapterHealth, { deadlineMs })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("listAdapters", () => {
  it("always has the embedded engine, with its actions", async () => {
    await using app = await open();
    const [embedded, ...others] = (await perform(app, listAdapters, {})).items;
    expect(others).toEqual([]);
    expect(embedded).toMatchObject({ name: "embedded", enabled: true, offers: ["engine", "actions"] });
    expect(embedded?.actions).toContain("git/commit");
  });
});
