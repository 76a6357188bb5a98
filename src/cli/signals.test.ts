import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identifyProcess } from "../lib/process-identity.ts";

const main = join(import.meta.dirname, "main.ts");
const run = promisify(execFile);
let cwd: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "signals-"));
  await writeFile(join(cwd, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\nlimits: { grace: 1s }\n");
  await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: { web: {} }\n");
  await run("git", ["init", "-q", "-b", "main", join(cwd, "web")]);
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(cwd, { recursive: true, force: true });
});

/** How a command ended. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that sleeps in the repository, and signals once it sleeps, again every 300 ms for further signals. */
async function interrupt(script: string, ...signals: readonly NodeJS.Signals[]): Promise<Ended> {
  const started = spawn(process.execPath, [main, "exec", "--", "sh", "-c", `echo $$ > ../pid; ${script}`], { cwd });
  child = started;
  const ended = new Promise<number | null>((resolve) => started.once("exit", (code) => resolve(code)));
  const [stdout, stderr] = [text(started.stdout), text(started.stderr)];
  while ((await readFile(join(cwd, "pid"), "utf8").catch(() => "")) === "" && started.exitCode === null)
    await delay(20);
  for (const [index, signal] of signals.entries()) {
    if (index > 0) await delay(300);
    started.kill(signal);
  }
  return { code: await ended, stdout: await stdout, stderr: await stderr };
}

/** Whether the process that the command started in the repository is there, and no zombie. */
async function isAlive(): Promise<boolean> {
  return identifyProcess(Number(await readFile(join(cwd, "pid"), "utf8"))) !== null;
}

async function stateOfRun(): Promise<string> {
  const { stdout } = await run(process.execPath, [main, "runs", "list", "-o", "json"], { cwd });
  const { items } = JSON.parse(stdout) as { items: { state: string }[] };
  return items.map(({ state }) => state).join();
}

describe("a run in a process that gets a signal", () => {
  it("INT cancels it, ends what it started, and exits with 130", async () => {
    const { code, stdout } = await interrupt("sleep 60", "SIGINT");
    expect(stdout).toMatch(/exec {2}\w{10} {2}cancelled: 0 of 1 succeeded, 1 cancelled/);
    expect(code).toBe(130);
    expect(await isAlive()).toBe(false);
    expect(await stateOfRun()).toBe("cancelled");
  });

  it("INT twice ends what does not listen at once", async () => {
    const { code } = await interrupt("trap '' TERM; while :; do sleep 1; done", "SIGINT", "SIGINT");
    expect(code).toBe(130);
    expect(await isAlive()).toBe(false);
    expect(await stateOfRun()).toBe("cancelled");
  });

  it("TERM leaves it for another process, says how to go on, and exits with 143", async () => {
    const { code, stdout, stderr } = await interrupt("sleep 60", "SIGTERM");
    expect(`${stdout}${stderr}`).toMatch(/mahavishnu runs resume \w+/);
    expect(code).toBe(143);
    expect(await isAlive()).toBe(false);
    expect(await stateOfRun()).toBe("interrupted");
  });
});
