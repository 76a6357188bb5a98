import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../src/lib/temporary-folder.ts";
import { identifyProcess } from "../../src/lib/process-identity.ts";
import { migrations } from "../../src/store/migrations.ts";
import { runCaptured } from "../support/capture-cli.ts";

async function withTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = makeTemporaryFolder("upgrade-");
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const releases = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".tar.gz"));
const env = { AUTH: "a secret of forty characters, never used", PATH: process.env["PATH"] ?? "" };

async function withState(release: string, body: (workspace: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (workspace) => {
    execFileSync("tar", ["--no-same-owner", "-xzf", join(import.meta.dirname, release), "-C", workspace]);
    await body(workspace);
  });
}

async function ask(workspace: string, ...argv: string[]): Promise<{ exitCode: number; stderr: string; json: never }> {
  const { exitCode, stdout, stderr } = await runCaptured([...argv, "-C", workspace, "-o", "json"], { env });
  return { exitCode, stderr, json: (stdout === "" ? null : JSON.parse(stdout)) as never };
}

const versionOf = (workspace: string): number => {
  const db = new DatabaseSync(join(workspace, ".mahavishnu", "state.db"), { readOnly: true });
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  db.close();
  return version;
};

it("has the state of a release to try", () => {
  expect(releases).toContain("state-0.1.0.tar.gz");
});

describe.each(releases)("a state folder written by %s", (release) => {
  it("is tried on a copy by --dry-run, which leaves it as it is, and then brought forward", async () => {
    await withState(release, async (workspace) => {
      const file = join(workspace, ".mahavishnu", "state.db");
      const before = readFileSync(file);
      const from = versionOf(workspace);
      const planned = await ask(workspace, "upgrade", "--dry-run");
      expect(planned).toMatchObject({ exitCode: 0, json: { outcome: "planned", from, to: migrations.length } });
      expect(planned.json).toMatchObject({ runs: 5, pids: [] });
      expect(readFileSync(file).equals(before)).toBe(true);
      const left = readdirSync(join(workspace, ".mahavishnu")).filter((name) => !name.startsWith("state.db"));
      expect(left).toEqual(["runs"]);

      expect(await ask(workspace, "upgrade")).toMatchObject({ exitCode: 0, json: { outcome: "upgraded", runs: 5 } });
      expect(versionOf(workspace)).toBe(migrations.length);
      expect(await ask(workspace, "upgrade")).toMatchObject({ exitCode: 0, json: { outcome: "none" } });
      const trail = await ask(workspace, "audit", "list");
      const upgrades = { reason: "upgrade", before: { schema: from }, after: { schema: migrations.length } };
      expect(trail.json).toMatchObject({ items: expect.arrayContaining([expect.objectContaining(upgrades)]) as never });
      expect(await ask(workspace, "audit", "verify")).toMatchObject({ exitCode: 0, json: { valid: true } });
    });
  });

  it("goes on: its history is there, its killed run continues after the steps that were done, its token is known", async () => {
    await withState(release, async (workspace) => {
      const { json } = await ask(workspace, "runs", "list");
      const items = (json as { items: { id: string; workflow: string; state: string }[] }).items;
      expect(items.map(({ workflow, state }) => `${workflow} ${state}`).toSorted()).toEqual([
        "bad failed",
        "good queued",
        "good succeeded",
        "good succeeded",
        "slow interrupted",
      ]);
      const slow = items.find(({ workflow }) => workflow === "slow")?.id ?? "";
      writeFileSync(join(workspace, ".mahavishnu", "runs", slow, "waited"), "");
      expect((await ask(workspace, "runs", "resume", slow)).exitCode).toBe(0);
      const shown = await ask(workspace, "runs", "show", slow);
      expect(shown.json).toMatchObject({ state: "succeeded" });
      const text = JSON.stringify(shown.json);
      expect(text).toContain('"first"');
      const logs = await runCaptured(["runs", "logs", slow, "-C", workspace], { env });
      expect(logs.stdout.match(/first\n/g)).toHaveLength(1);
      expect(logs.stdout).toContain("second");
      expect((await ask(workspace, "token", "list")).json).toMatchObject({ items: [{ subject: "user:dana" }] });
    });
  });

  it("is not brought forward while a process of the older version is at work with it", async () => {
    await withState(release, async (workspace) => {
      const me = identifyProcess(process.pid);
      const db = new DatabaseSync(join(workspace, ".mahavishnu", "state.db"));
      db.prepare("INSERT INTO owner(id, pid, start_time, boot_id, lease_until) VALUES('older', ?, ?, ?, ?)").run(
        process.pid,
        me?.startTime ?? "",
        me?.bootId ?? "",
        Date.now() + 60_000,
      );
      const from = versionOf(workspace);
      const refused = await ask(workspace, "runs", "list");
      expect(refused.exitCode).toBe(1);
      expect(JSON.stringify(refused.json)).toContain("STATE_IN_USE");
      expect(JSON.stringify(refused.json)).toContain(String(process.pid));
      const planned = await ask(workspace, "upgrade", "--dry-run");
      expect(planned).toMatchObject({ exitCode: 1, json: { outcome: "blocked", pids: [process.pid] } });
      expect((await ask(workspace, "upgrade")).exitCode).toBe(1);
      expect(versionOf(workspace)).toBe(from);
      db.prepare("DELETE FROM owner WHERE id = 'older'").run();
      db.close();
      expect((await ask(workspace, "upgrade")).exitCode).toBe(0);
    });
  });
});

it("says that there is nothing to do where there is no state", async () => {
  await withTemporaryFolder(async (workspace) => {
    writeFileSync(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
    const { exitCode, stdout } = await runCaptured(["upgrade", "-C", workspace], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "there is no state yet: nothing to do\n" });
  });
});
