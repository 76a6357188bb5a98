import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { openApp } from "../../app/open-app.ts";
import { loadConfig } from "../../config/load-config.ts";
import { startDispatcher } from "../../app/dispatcher.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "detach-"));
  // Whoever only records a run needs none of its secrets.
  writeFileSync(
    join(cwd, "mahavishnu.yaml"),
    'version: 1\nauth: { enabled: false }\nsecrets: { KEY: "${env:DETACH_TEST_KEY}" }\n',
  );
  writeFileSync(join(cwd, "repos.yaml"), "version: 1\nrepos: { web: {} }\n");
  execFileSync("git", ["init", "-q", join(cwd, "web")]);
  mkdirSync(join(cwd, "workflows"));
  const jobs = "jobs: { j: { sweep: {}, checkout: inPlace, steps: [{ run: 'echo done >> ../done' }] } }";
  writeFileSync(join(cwd, "workflows", "one.yaml"), `version: 1\nname: one\n${jobs}\n`);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const call = async (...words: string[]): ReturnType<typeof runCaptured> => await runCaptured(["-C", cwd, ...words]);

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

const show = async (id: string): Promise<Shown> =>
  JSON.parse((await call("runs", "show", id, "-o", "json")).stdout) as Shown;

/** A server without HTTP. */
async function serve() {
  const loaded = await loadConfig({ workspace: cwd, env: {}, set: [] });
  const app = openApp({ loaded, env: { ...process.env, DETACH_TEST_KEY: "0123456789abcdef" } });
  const [store, engine] = [await app.store(), await app.engine()];
  const dispatcher = await startDispatcher({ store, engine, maxConcurrentRuns: 2, observe: () => undefined });
  return {
    [Symbol.asyncDispose]: async () => {
      await dispatcher.stop({ drainMs: 60_000 });
      await app[Symbol.asyncDispose]();
    },
  };
}

describe("--detach", { timeout: 60_000 }, () => {
  it("records a run, says that no server lives, and a server executes it", async () => {
    const recorded = await call("run", "one", "--detach");
    expect(recorded.exitCode).toBe(0);
    const [, id = ""] = /^run (\w{10}) is recorded; it waits for a server; /.exec(recorded.stdout) ?? [];
    expect(recorded.stderr).toMatch(/^no server of this workspace lives; start one: mahavishnu serve -C \S+\n$/);
    expect(await show(id)).toMatchObject({ state: "queued", reason: "started by hand; waits for a server" });
    // Nothing was interrupted, and nothing says so.
    expect((await call("runs", "resume")).stdout).toBe("no run waits for this\n");
    await using _server = await serve();
    const told = await call("exec", "--detach", "--", "true");
    expect(told).toMatchObject({ exitCode: 0, stderr: "" });
    expect(told.stdout).toMatch(/^run \w{10} is recorded; a server of this workspace begins it; follow it: /);
    const watched = await call("runs", "watch", id, "-o", "json");
    expect([watched.exitCode, (JSON.parse(watched.stdout) as Shown).state]).toEqual([0, "succeeded"]);
  });

  it("prints the run as JSON, and records one for an idempotency key", async () => {
    const words = ["run", "one", "--detach", "--idempotency-key", "k", "-o", "json"];
    const first = JSON.parse((await call(...words)).stdout) as Shown;
    const again = await call(...words);
    expect(first.state).toBe("queued");
    expect([(JSON.parse(again.stdout) as Shown).id, again.stderr]).toEqual([
      first.id,
      `run ${first.id} has this idempotency key already; nothing new was recorded\n`,
    ]);
  });
});
