import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";

const main = join(import.meta.dirname, "../main.ts");
const run = promisify(execFile);
let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "resume-"));
  await writeFile(join(cwd, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\nlimits: { grace: 1s }\n");
  await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: { web: {} }\n");
  await run("git", ["init", "-q", "-b", "main", join(cwd, "web")]);
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

/** Leaves an interrupted run behind, whose command sleeps the first time and then does as it is told. */
async function interruptRun(name: string, then: string): Promise<void> {
  const script = `[ ! -e ../${name} ] || { ${then}; exit; }; touch ../${name}; sleep 60`;
  const child = spawn(process.execPath, [main, "exec", "--", "sh", "-c", script], { cwd, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  while (!existsSync(join(cwd, name)) && child.exitCode === null) await delay(20);
  child.kill("SIGTERM");
  await ended;
}

/** Ids of the runs, oldest first. */
async function listIds(): Promise<string[]> {
  const { stdout } = await runCaptured(["-C", cwd, "runs", "list", "-o", "json"]);
  return (JSON.parse(stdout) as { items: { id: string }[] }).items.map(({ id }) => id).toReversed();
}

/** Takes the beginning of a run's history away, as nothing of ours does. */
function damage(id: string): void {
  const database = new DatabaseSync(join(cwd, ".mahavishnu/state.db"));
  database
    .prepare("DELETE FROM event WHERE type = 'run.created' AND run = (SELECT position FROM run WHERE id = ?)")
    .run(id);
  database.close();
}

describe("runs resume", { timeout: 60_000 }, () => {
  it("goes on with the other runs when one cannot be resumed, and tells it at the end", async () => {
    await interruptRun("first", "exit 0");
    await interruptRun("second", "exit 0");
    const [first = "", second = ""] = await listIds();
    damage(first);
    const { exitCode, stdout, stderr } = await runCaptured(["-C", cwd, "runs", "resume"]);
    expect(stdout).toMatch(new RegExp(`exec {2}${second} {2}succeeded: 1 of 1 succeeded`));
    expect(stderr).toContain(`run ${first} was not resumed: `);
    expect(exitCode).toBe(1);
  });

  it("tells what is wrong with the only one as any other error", async () => {
    await interruptRun("only", "exit 0");
    const [only = ""] = await listIds();
    damage(only);
    const { exitCode, stdout } = await runCaptured(["-C", cwd, "runs", "resume", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "STATE_DAMAGED" } });
    expect(exitCode).toBe(1);
  });

  it("is read by machines as the runs that go on; what was not resumed is told beside and fails the command", async () => {
    for (const name of ["first", "second", "third"]) await interruptRun(name, "exit 0");
    const [first = "", second = "", third = ""] = await listIds();
    damage(first);
    damage(second);
    const { exitCode, stdout, stderr } = await runCaptured(["-C", cwd, "runs", "resume", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ id: third, state: "succeeded" });
    expect(stderr.match(/run \w+ was not resumed/g)).toEqual([
      `run ${first} was not resumed`,
      `run ${second} was not resumed`,
    ]);
    expect(exitCode).toBe(1);
  });

  it("says that it waits for a run whose owner lives", async () => {
    const owner = spawn(
      process.execPath,
      [main, "exec", "--", "sh", "-c", "touch ../begun; until test -e ../go; do sleep 0.05; done"],
      {
        cwd,
        stdio: "ignore",
      },
    );
    const ended = new Promise((resolve) => owner.once("exit", resolve));
    while (!existsSync(join(cwd, "begun"))) await delay(20);
    const [id = ""] = await listIds();
    const waiting = spawn(process.execPath, [main, "runs", "resume", id], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    const gone = new Promise((resolve) => waiting.once("exit", resolve));
    const said = await new Promise((resolve) =>
      waiting.stderr.once("data", (text: Buffer) => resolve(text.toString())),
    );
    expect(said).toMatch(new RegExp(`^run ${id}: its owner may live; waiting for its lease to end, at most \\d+s\n$`));
    await writeFile(join(cwd, "go"), "");
    await Promise.all([ended, gone]);
  });
});

describe("runs list", { timeout: 60_000 }, () => {
  it("says how to see more than it shows", async () => {
    for (let n = 0; n < 3; n += 1) await runCaptured(["-C", cwd, "exec", "--", "true"]);
    const ids = (await listIds()).toReversed();
    const first = await runCaptured(["-C", cwd, "runs", "list", "--limit", "2"]);
    const cursor = /^there are older runs: add --cursor (\S+)\n$/.exec(first.stderr)?.[1] ?? "";
    const second = await runCaptured(["-C", cwd, "runs", "list", "--limit", "2", "--cursor", cursor]);
    expect([second.stdout.includes(ids[2] ?? "-"), second.stderr]).toEqual([true, ""]);
  });
});
