/** The suite acts in scratch space: it changes nothing of the user's, and leaves nothing behind however it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ReportSchema } from "../src/readiness/report/schema.ts";
import { makeFolder, makeRepository, writeFiles } from "./support/git-fixture.ts";
import { stagePackage } from "./support/staged-package.ts";

const main = join(await stagePackage(), "bin/mahavishnu.js");

let folder: ReturnType<typeof makeFolder>;
let started: ChildProcess[];
beforeEach(() => {
  folder = makeFolder();
  started = [];
  mkdirSync(folder.join("tmp"));
  writeFiles(folder.join("workspace"), {
    "mahavishnu.yaml": "version: 1\nauth: { secret: '${env:AUTH}' }\nlimits: { grace: 200ms }\n",
    "repos.yaml": "version: 1\nrepos: { alpha: {}, beta: {} }\n",
  });
  for (const name of ["alpha", "beta"]) makeRepository(folder.join("workspace", name), { "README.md": name });
});
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  folder[Symbol.dispose]();
});

/** Starts a suite that acts, with a folder for temporary files that nobody else uses. */
function start(...args: readonly string[]): ChildProcess {
  const env = { ...process.env, TMPDIR: folder.join("tmp"), AUTH: "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw" };
  const child = spawn(process.execPath, [main, "production", "check-config", "--all", "-o", "json", ...args], {
    cwd: folder.join("workspace"),
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  return child;
}

async function finish(child: ChildProcess): Promise<{ readonly code: number | null; readonly stdout: string }> {
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout };
}

/** Everything below a folder, with its kind, mode and content. */
function snapshot(root: string): readonly string[] {
  const lines: string[] = [];
  const walk = (path: string): void => {
    for (const name of readdirSync(path).toSorted()) {
      const child = join(path, name);
      const stats = lstatSync(child);
      const shown = relative(root, child);
      if (shown === ".mahavishnu") continue;
      const content = stats.isSymbolicLink()
        ? readlinkSync(child)
        : stats.isFile()
          ? createHash("sha256").update(readFileSync(child)).digest("hex")
          : "";
      lines.push(`${shown} ${stats.mode.toString(8)} ${content}`);
      if (stats.isDirectory()) walk(child);
    }
  };
  walk(root);
  return lines;
}

/** What lies in the folder for temporary files; caches of Node itself are none of ours. */
function leftovers(): readonly string[] {
  return readdirSync(folder.join("tmp")).filter((name) => name.startsWith("mahavishnu-"));
}

/** Processes that were started with this test's folder for temporary files, or one in it, and still live. Only Linux can tell. */
function survivors(): readonly string[] {
  if (process.platform !== "linux") return [];
  const marker = `TMPDIR=${folder.join("tmp")}`;
  return readdirSync("/proc").filter((pid) => {
    try {
      const environment = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/environ`, "utf8").split("\0") : [];
      return environment.some((entry) => entry === marker || entry.startsWith(`${marker}/`));
    } catch {
      return false;
    }
  });
}

/** Checks that act for seconds, so that a suite is still at it when it is looked at, also on a busy machine. */
const lasting = "WFX004,WFX006,WFX008";

async function untilItActs(): Promise<void> {
  await expect
    .poll(() => leftovers().some((name) => name.startsWith("mahavishnu-scratch-")), { timeout: 30_000 })
    .toBe(true);
  await expect.poll(() => survivors().length > 1 || process.platform !== "linux", { timeout: 30_000 }).toBe(true);
}

describe("a suite that acts", () => {
  it("changes nothing of repositories and files, keeps no run, and leaves no scratch, lock or process", async () => {
    const before = snapshot(folder.join("workspace"));
    const { code, stdout } = await finish(start("--only", "WFX003,RPO*,CFG013,CFG014"));
    const report = ReportSchema.parse(JSON.parse(stdout));
    expect(report.results.filter(({ status }) => status !== "pass").map(({ id, reason }) => `${id} ${reason}`)).toEqual(
      [],
    );
    expect(code).toBe(2);
    expect(snapshot(folder.join("workspace"))).toEqual(before);
    expect(leftovers()).toEqual([]);
    expect(survivors()).toEqual([]);
  });

  it("after Ctrl-C gives its report, ends with 130, and leaves nothing", async () => {
    const before = snapshot(folder.join("workspace"));
    const child = start("--only", lasting);
    const finished = finish(child);
    await untilItActs();
    child.kill("SIGINT");
    const { code, stdout } = await finished;
    expect(code).toBe(130);
    const report = ReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ verdict: "notReady", exitCode: 130 });
    expect(report.results.find(({ id }) => id === "CFG001")).toMatchObject({ status: "pass" });
    expect(report.results.filter(({ status }) => status === "notRun").length).toBeGreaterThan(0);
    expect(snapshot(folder.join("workspace"))).toEqual(before);
    expect(leftovers()).toEqual([]);
    await expect.poll(survivors, { timeout: 10_000 }).toEqual([]);
  });

  it("after kill -9 leaves nothing that the next suite does not remove, and does not stand in its way", async () => {
    const before = snapshot(folder.join("workspace"));
    const child = start("--only", lasting);
    const finished = finish(child);
    await untilItActs();
    child.kill("SIGKILL");
    await finished;
    expect(leftovers().length).toBeGreaterThan(0);
    const { code } = await finish(start("--only", "WFX001", "--no-wait"));
    expect(code).toBe(2);
    expect(leftovers()).toEqual([]);
    await expect.poll(survivors, { timeout: 10_000 }).toEqual([]);
    expect(snapshot(folder.join("workspace"))).toEqual(before);
  });

  it("does not run beside another one: --no-wait is 1 at once, and a suite that only reads does not wait", async () => {
    const child = start("--only", lasting);
    const finished = finish(child);
    await untilItActs();
    expect((await finish(start("--only", "WFX001", "--no-wait"))).code).toBe(1);
    const env = { ...process.env, TMPDIR: folder.join("tmp"), AUTH: "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw" };
    const reading = spawn(process.execPath, [main, "production", "check-config"], {
      cwd: folder.join("workspace"),
      env,
      stdio: "ignore",
    });
    expect((await once(reading, "close"))[0]).toBe(0);
    expect(child.exitCode).toBeNull();
    child.kill("SIGINT");
    await finished;
  });
});
