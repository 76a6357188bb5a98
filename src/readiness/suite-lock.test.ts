import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockSuite } from "./suite-lock.ts";

let parent: string;
let holders: ChildProcess[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "lock-test-"));
});
afterEach(async () => {
  await Promise.all(holders.map(kill));
  holders = [];
  await rm(parent, { recursive: true, force: true });
});

const signal = new AbortController().signal;

/** Another process that holds the lock of a workspace until it is killed. */
async function startHolder(workspace: string): Promise<ChildProcess> {
  const script = `
    import { lockSuite } from ${JSON.stringify(join(import.meta.dirname, "suite-lock.ts"))};
    const signal = new AbortController().signal;
    globalThis.lock = await lockSuite({ workspace: ${JSON.stringify(workspace)}, signal, parent: ${JSON.stringify(parent)} });
    console.log("held");
    setInterval(() => {}, 1000);
  `;
  const holder = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  holders.push(holder);
  await once(holder.stdout, "data");
  return holder;
}

/** The files that the lock of a workspace makes. */
async function namesOfLocks(workspace: string): Promise<readonly string[]> {
  using _lock = await lockSuite({ workspace, waitMs: 0, signal, parent });
  return (await readdir(parent)).toSorted();
}

async function kill(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const gone = once(holder, "exit");
  holder.kill("SIGKILL");
  await gone;
}

describe("lockSuite", () => {
  it("refuses a busy workspace with --no-wait and names the holder; another workspace is free", async () => {
    const holder = await startHolder("/one");
    const refused = lockSuite({ workspace: "/one", waitMs: 0, signal, parent });
    await expect(refused).rejects.toMatchObject({ code: "SUITE_BUSY", exitCode: 1 });
    await expect(refused).rejects.toThrow(`pid ${holder.pid}`);
    (await lockSuite({ workspace: "/two", waitMs: 0, signal, parent }))[Symbol.dispose]();
  });

  it("waits for the holder, says so once, and goes on when the holder is killed", async () => {
    const holder = await startHolder("/one");
    const told: string[] = [];
    const waiting = lockSuite({ workspace: "/one", signal, parent, onWait: (name) => told.push(name) });
    await expect.poll(() => told.length).toBe(1);
    await kill(holder);
    const lock = await waiting;
    expect(lock.waitedMs).toBeGreaterThan(0);
    expect(told).toHaveLength(1);
    lock[Symbol.dispose]();
    expect(await readdir(parent)).toEqual([]);
  });

  it("says what is wrong with a file that can be no lock, instead of waiting for it", async () => {
    const [name = ""] = await namesOfLocks("/one");
    for (const spoil of [() => writeFile(join(parent, name), "no database"), () => mkdir(join(parent, name))]) {
      await spoil();
      const refused = lockSuite({ workspace: "/one", signal, parent });
      await expect(refused).rejects.toMatchObject({ code: "SUITE_LOCK", exitCode: 1 });
      await expect(refused).rejects.toThrow(join(parent, name));
      await rm(join(parent, name), { recursive: true });
    }
    (await lockSuite({ workspace: "/one", waitMs: 0, signal, parent }))[Symbol.dispose]();
  });

  it("stops waiting when it is told to", async () => {
    await startHolder("/one");
    const controller = new AbortController();
    const waiting = lockSuite({ workspace: "/one", signal: controller.signal, parent });
    controller.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow(/interrupted|aborted/);
  });

  it("lets one in at a time, whoever comes and goes", async () => {
    let inside = 0;
    let most = 0;
    const visit = async (): Promise<void> => {
      const lock = await lockSuite({ workspace: "/one", signal, parent });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      lock[Symbol.dispose]();
    };
    await Promise.all(Array.from({ length: 8 }, visit));
    expect(most).toBe(1);
    expect(await readdir(parent)).toEqual([]);
  });
});
