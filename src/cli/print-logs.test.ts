import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";

const main = join(import.meta.dirname, "main.ts");
let cwd: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "logs-"));
  await writeFile(
    join(cwd, "mahavishnu.yaml"),
    "version: 1\nauth: { enabled: false }\nlimits: { grace: 1s, retry: { attempts: 2, first: 1ms, max: 1ms } }\n",
  );
  await writeFile(join(cwd, "repos.yaml"), "version: 1\nrepos: {}\n");
  await mkdir(join(cwd, "workflows"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(cwd, { recursive: true, force: true });
});

/** A command that goes on, with what it has printed so far. */
interface Going {
  readonly process: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function begin(...words: readonly string[]): Going {
  const child = spawn(process.execPath, [main, ...words], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { process: child, text: () => Buffer.concat(chunks).toString(), ended };
}

/** Begins a run of a script and waits until its step has touched a file named `up`. */
async function beginRun(script: string): Promise<Going & { readonly id: string }> {
  const step = { id: "s", run: `cd ${cwd}; ${script}`, retry: { attempts: 2, when: ["exit"] } };
  await writeFile(
    join(cwd, "workflows/w.yaml"),
    JSON.stringify({ version: 1, name: "w", jobs: { j: { steps: [step] } } }),
  );
  const going = begin("run", "w");
  await until(() => existsSync(join(cwd, "up")));
  const [id = ""] = await readdir(join(cwd, ".mahavishnu/runs"));
  return { ...going, id };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(20);
}

const waitFor = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.02; done`;

describe("runs logs --follow", { timeout: 60_000 }, () => {
  it("prints all of an attempt and then all of the next one, however soon that begins", async () => {
    const run = await beginRun(
      `if [ -e up ]; then echo second; else echo first; touch up; ${waitFor("go")}; echo tail; exit 1; fi`,
    );
    const logs = begin("runs", "logs", run.id, "--step", "s", "--follow");
    await until(() => logs.text().includes("first"));
    await writeFile(join(cwd, "go"), "");
    await run.ended;
    expect(await logs.ended).toBe(0);
    expect(logs.text()).toBe("== j s #1\nfirst\ntail\n\n== j s #2\nsecond\n");
    // What is over is told by its last attempt alone.
    const { stdout } = await runCaptured(["-C", cwd, "runs", "logs", run.id, "--step", "s"]);
    expect(stdout).toBe("== j s #2\nsecond\n");
  });

  it("takes no character apart", async () => {
    const run = await beginRun(`printf 'x\\303'; touch up; ${waitFor("go")}; printf '\\251y\\n'`);
    const text = begin("runs", "logs", run.id, "--step", "s", "--follow");
    const lines = begin("runs", "logs", run.id, "--step", "s", "--follow", "-o", "ndjson");
    await until(() => text.text().includes("x") && lines.text().includes("x"));
    await writeFile(join(cwd, "go"), "");
    expect([await text.ended, await lines.ended]).toEqual([0, 0]);
    expect(text.text()).toBe("== j s #1\nxéy\n");
    const pieces = lines
      .text()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(pieces).toMatchObject([
      { attempt: 1, offset: 0, text: "x" },
      { attempt: 1, offset: 1, text: "éy\n" },
    ]);
    await run.ended;
  });

  it("ends when the process of the run is gone, and says how to go on", async () => {
    const run = await beginRun(`printf 'half\\303'; touch up; sleep 60`);
    const file = join(cwd, ".mahavishnu/runs", run.id, "j/once/s.1.log");
    await until(() => existsSync(file));
    run.process.kill("SIGKILL");
    await run.ended;
    const { exitCode, stdout, stderr } = await runCaptured(["-C", cwd, "runs", "logs", run.id, "--follow"]);
    expect(stdout).toContain("half\uFFFD");
    expect(stderr).toContain(`mahavishnu runs resume ${run.id}`);
    expect(exitCode).toBe(0);
    expect(await readFile(file, "latin1")).toBe("half\u00C3");
    await runCaptured(["-C", cwd, "runs", "cancel", run.id]);
  });
});
