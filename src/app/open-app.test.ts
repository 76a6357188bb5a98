import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { giveToAnother, runAsAnother } from "../../test/support/as-another-user.ts";
import { loadConfig } from "../config/load-config.ts";
import type { AppContext } from "./app-context.ts";
import { openApp } from "./open-app.ts";
import { perform } from "./perform.ts";
import { listInterruptedRuns, listRuns, showRun } from "./use-cases/runs.ts";
import { execCommand } from "./use-cases/start-run.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "app-"));
  await writeFile(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  await writeFile(join(workspace, "repos.yaml"), "version: 1\nrepos: { alpha: {} }\n");
  await mkdir(join(workspace, "alpha"));
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function open(...set: readonly string[]): Promise<AppContext> {
  const env = { PATH: process.env["PATH"] };
  return openApp({ loaded: await loadConfig({ workspace, env, set }), env });
}

describe("an open workspace", () => {
  it("makes nothing for a read, and sees what is written later", async () => {
    await using app = await open("state.url=sqlite:no/dir/x.db");
    expect((await perform(app, listRuns, { limit: 10 })).items).toEqual([]);
    expect(await perform(app, listInterruptedRuns, {})).toEqual({ items: [] });
    await expect(perform(app, showRun, { id: "k3v9" })).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    expect((await readdir(workspace)).toSorted()).toEqual(["alpha", "mahavishnu.yaml", "repos.yaml"]);
    await using writer = await open("state.url=sqlite:no/dir/x.db");
    const { workspaceId } = await writer.store();
    expect((await app.history()).workspaceId).toBe(workspaceId);
  });

  it.each([".mahavishnu", ".mahavishnu/runs", ".mahavishnu/worktrees"])(
    "begins no run while %s is a file, and says so in plain words",
    async (name) => {
      const path = join(workspace, name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, "");
      await using app = await open("state.url=sqlite:state.db");
      await expect(perform(app, execCommand, { command: ["true"] })).rejects.toMatchObject({
        code: "STATE_UNREADABLE",
        message: `${path} is a file, and must be a folder`,
      });
      expect((await perform(app, listRuns, { limit: 10 })).items).toEqual([]);
    },
  );

  it("says to its owner what keeps them from being its admin", async () => {
    const state = join(workspace, ".mahavishnu");
    await mkdir(state);
    giveToAnother(workspace);
    await chmod(state, 0o500);
    const load = (path: string): string => `await import(${JSON.stringify(join(import.meta.dirname, path))})`;
    const answer = runAsAnother(`
      const { openApp } = ${load("open-app.ts")};
      const { perform } = ${load("perform.ts")};
      const { listRuns } = ${load("use-cases/runs.ts")};
      const { loadConfig } = ${load("../config/load-config.ts")};
      const env = {};
      await using app = openApp({ loaded: await loadConfig({ workspace: ${JSON.stringify(workspace)}, env, set: [] }), env });
      try { await perform(app, listRuns, { limit: 1 }); console.log("{}"); }
      catch ({ code, message, fix }) { console.log(JSON.stringify({ code, message, fix })); }`);
    if (answer === null) return;
    const { code, message, fix } = JSON.parse(answer) as Record<string, string>;
    expect(code).toBe("ACCESS_DENIED");
    expect(message).toContain(`because ${state} (mode 0500, owner `);
    expect(fix).toContain(`chmod u+rwx ${state}; or ask an admin`);
  });
});
