import { rmSync } from "node:fs";
import { expect, it } from "vitest";
import { Api, ServedWorkspace, until } from "../support/serve-process.ts";

interface Page {
  readonly items: readonly { readonly id: string; readonly state: string }[];
  readonly nextCursor: string | null;
}

it(
  "under load: the state folder is lost, and nothing of what was there at the backup is",
  { timeout: 120_000 },
  async () => {
    using workspace = new ServedWorkspace({ drain: "1s" });
    const copy = workspace.path("kept.tar.zst");
    const api = new Api(await workspace.token());
    const started: string[] = [];
    let waiting = "";
    let atBackup = 0;
    {
      await using server = await workspace.serve();
      waiting = await api.start(server, "wait");
      await until(() => workspace.steps().includes("wait"));
      const enough = new AbortController();
      const load = (async () => {
        while (!enough.signal.aborted)
          started.push(...(await Promise.all([api.start(server, "one"), api.start(server, "one")])));
      })();
      await until(() => started.length >= 20);
      atBackup = started.length;
      const backup = workspace.spawn("backup", "create", "--to", copy, "-o", "json");
      expect(await backup.exit(), backup.stdout + backup.stderr).toBe(0);
      // Runs went on meanwhile, and go on behind it.
      expect(started.length).toBeGreaterThan(atBackup);
      const behind = started.length;
      await until(() => started.length > behind + 5);
      enough.abort();
      await load;
      server.signal("SIGKILL");
      await server.exit();
    }
    rmSync(workspace.path(".mahavishnu"), { recursive: true });

    const restore = workspace.spawn("backup", "restore", copy, "-o", "json");
    expect(await restore.exit(), restore.stdout + restore.stderr).toBe(0);
    await using server = await workspace.serve();
    // What was interrupted goes on, and what had ended in it does not begin again.
    workspace.write("go");
    await api.until(server, waiting, "succeeded");
    expect(workspace.steps().filter((step) => step === "before")).toHaveLength(1);

    const found = new Map<string, string>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Page = await api.ask(server, `/v1/runs?limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`);
      for (const { id, state } of page.items) found.set(id, state);
      cursor = page.nextCursor;
    }
    const before = started.slice(0, atBackup);
    expect(before.filter((id) => !found.has(id))).toEqual([]);
    // Each goes to its end here too, and has a whole history.
    for (const id of [...before, waiting]) {
      await api.until(server, id, "succeeded");
      const { items } = await api.ask<{ items: { runSeq: number; type: string }[] }>(server, `/v1/runs/${id}/events`);
      expect(items.map(({ runSeq }) => runSeq)).toEqual(items.map((_, index) => index + 1));
      expect(items.at(-1)?.type).toMatch(/^run\.(?:finished|released)$/);
    }
    const audit = workspace.spawn("audit", "verify");
    expect(await audit.exit(), audit.stdout + audit.stderr).toBe(0);
  },
);
