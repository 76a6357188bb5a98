import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identifyProcess, isAlive } from "../lib/process-identity.ts";
import { openScratchSpace, sweepScratch } from "./scratch.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "scratch-test-"));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

/** Starts a process that makes scratch space, tracks a sleeping child, says so, and waits to be killed. */
async function startHolder(): Promise<ChildProcess & { readonly sleeper: number }> {
  const script = `
    import { spawn } from "node:child_process";
    import { openScratchSpace } from ${JSON.stringify(join(import.meta.dirname, "scratch.ts"))};
    const space = await openScratchSpace(${JSON.stringify(parent)});
    const scratch = await space.make("check");
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    await scratch.track(child.pid);
    console.log(child.pid);
    setInterval(() => {}, 1000);
  `;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunk] = (await once(holder.stdout, "data")) as [Buffer];
  return Object.assign(holder, { sleeper: Number(chunk.toString()) });
}

describe("openScratchSpace", () => {
  it("gives folders of its own and removes everything at the end, even what a check has locked", async () => {
    const space = await openScratchSpace(parent);
    const first = await space.make("wfx001");
    const second = await space.make("wfx001");
    expect(first.folder).not.toBe(second.folder);
    await mkdir(join(first.folder, "inner"));
    await writeFile(join(first.folder, "inner", "file"), "x");
    await chmod(join(first.folder, "inner"), 0o500);
    await chmod(first.folder, 0o000);
    await space[Symbol.asyncDispose]();
    expect(await readdir(parent)).toEqual([]);
  });

  it("ends the children that are still tracked", async () => {
    const space = await openScratchSpace(parent);
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    const gone = once(child, "exit");
    await (await space.make("x")).track(child.pid ?? 0);
    await space[Symbol.asyncDispose]();
    expect((await gone)[1]).toBe("SIGKILL");
  });
});

describe("sweepScratch", () => {
  it("leaves the living alone, and after kill -9 removes the folder and ends the children", async () => {
    const holder = await startHolder();
    const sleeper = identifyProcess(holder.sleeper);
    expect(sleeper).not.toBeNull();
    expect(await sweepScratch(parent)).toEqual([]);
    expect(await readdir(parent)).toHaveLength(1);

    const gone = once(holder, "exit");
    holder.kill("SIGKILL");
    await gone;
    expect(await sweepScratch(parent)).toHaveLength(1);
    expect(await readdir(parent)).toEqual([]);
    await expect.poll(() => sleeper !== null && isAlive(sleeper)).toBe(false);
  });

  it("touches nothing without the marker, no link, and nothing with another name", async () => {
    const dead = "mahavishnu-scratch-4194305-1-000000000000-abcdef";
    await mkdir(join(parent, dead));
    await writeFile(join(parent, dead, "precious"), "x");
    const target = join(parent, "elsewhere");
    await mkdir(target);
    await writeFile(join(target, ".mahavishnu-scratch"), "");
    await symlink(target, join(parent, "mahavishnu-scratch-4194305-1-000000000000-linked"));
    await mkdir(join(parent, "mahavishnu-scratch-notes"));
    expect(await sweepScratch(parent)).toEqual([]);
    expect(await readdir(parent)).toHaveLength(4);
    await writeFile(join(parent, dead, ".mahavishnu-scratch"), "");
    expect(await sweepScratch(parent)).toEqual([join(parent, dead)]);
  });

  it("removes the empty folder of a process that died before it wrote the marker", async () => {
    await mkdir(join(parent, "mahavishnu-scratch-4194305-1-000000000000-abcdef"));
    expect(await sweepScratch(parent)).toHaveLength(1);
  });

  it("says nothing was there when the folder itself is missing", async () => {
    expect(await sweepScratch(join(parent, "missing"))).toEqual([]);
  });
});
