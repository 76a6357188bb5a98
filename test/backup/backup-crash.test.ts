import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../src/lib/temporary-folder.ts";
import { runCaptured } from "../support/capture-cli.ts";

const release = join(import.meta.dirname, "../upgrade/state-0.1.0.tar.gz");
const program = join(import.meta.dirname, "backup-process.ts");
/** Read by crash-point.ts; must be there before it is loaded, in the thread of the backup as well. */
const crashPoints = "data:text/javascript,globalThis.__CRASH_POINTS__=true";

let folder: string;
let file: string;
let count = 0;

beforeAll(() => {
  folder = makeTemporaryFolder("backup-crash-");
  file = join(folder, "kept.tar.zst");
  act(makeWorkspace(), "create", "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeWorkspace(): string {
  count += 1;
  const workspace = join(folder, String(count));
  mkdirSync(workspace);
  execFileSync("tar", ["--no-same-owner", "-xzf", release, "-C", workspace]);
  return workspace;
}

function act(workspace: string, what: string, at: string, ...more: string[]) {
  const env = { ...process.env, CRASH_AT: at, AUTH: "a secret of forty characters, never used" };
  return spawnSync(process.execPath, ["--import", crashPoints, program, workspace, what, file, ...more], {
    env,
    encoding: "utf8",
  });
}

async function ask(workspace: string, ...argv: string[]) {
  const env = { AUTH: "a secret of forty characters, never used", PATH: process.env["PATH"] ?? "" };
  return await runCaptured([...argv, "-C", workspace, "-o", "json"], { env });
}

async function runsOf(workspace: string): Promise<number> {
  const { exitCode, stdout } = await ask(workspace, "runs", "list");
  return exitCode === 0 ? (JSON.parse(stdout) as { items: unknown[] }).items.length : Number.NaN;
}

const points = ["staged:1", "marked:1", "aside:1", "moved:1", "moved:2", "moved:3", "moved:4", "done:1"];

describe("a restore that is killed", () => {
  it.each(points)(
    "over a state, at restore.%s, loses nothing, and the next one brings all of it back",
    async (point) => {
      const workspace = makeWorkspace();
      const state = join(workspace, ".mahavishnu");
      writeFileSync(join(state, "runs/mine"), "what was there before");
      expect(act(workspace, "restore", `restore.${point}`, "--force").signal).toBe("SIGKILL");
      // Either there is a whole state, or nobody begins another one.
      const between = await ask(workspace, "runs", "list");
      const isWhole = existsSync(join(state, "state.db"));
      expect([isWhole, between.exitCode, between.stdout.includes("RESTORE_REFUSED")]).toEqual(
        isWhole ? [true, 0, false] : [false, 1, true],
      );
      const next = await ask(workspace, "backup", "restore", file, "--force");
      expect(next.exitCode, next.stdout).toBe(0);
      expect(await runsOf(workspace)).toBe(5);
      const found = execFileSync("find", [state, "-name", "mine"], { encoding: "utf8" }).trim().split("\n");
      expect(found).toEqual([expect.stringMatching(/replaced-[^/]+\/runs\/mine$/)]);
      expect(
        readdirSync(state).filter((name) => /^restor(?:e|ing)/.test(name) && !name.startsWith("restored-")),
      ).toEqual([]);
    },
  );

  it("after the database is there, is over: what is lost later is not taken for half of it", async () => {
    const workspace = makeWorkspace();
    const state = join(workspace, ".mahavishnu");
    expect(act(workspace, "restore", "restore.done:1", "--force").signal).toBe("SIGKILL");
    writeFileSync(join(state, "runs/mine"), "what came after");
    rmSync(join(state, "state.db"));
    expect((await ask(workspace, "backup", "restore", file)).exitCode).toBe(0);
    const found = execFileSync("find", [state, "-name", "mine"], { encoding: "utf8" });
    expect(found).toContain("replaced-");
  });
});

describe("a backup that is killed", () => {
  it.each(["snapshot", "written"])(
    "at backup.%s leaves no file under its name, and the next one sweeps",
    async (point) => {
      const workspace = makeWorkspace();
      file = join(folder, `${point}.tar.zst`);
      expect(act(workspace, "create", `backup.${point}:1`).signal).toBe("SIGKILL");
      expect(existsSync(file)).toBe(false);
      expect((await ask(workspace, "backup", "create", "--to", file)).exitCode).toBe(0);
      expect(readdirSync(folder).filter((name) => name.endsWith(".making"))).toEqual([]);
      expect((await ask(workspace, "backup", "verify", file)).exitCode).toBe(0);
    },
  );
});
