import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { commitFiles, git, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { openGitBatch } from "./git-batch.ts";
import { gitEnvironment, runGit } from "./run-git.ts";

describe("openGitBatch", () => {
  it("gives the same as one call after the other, whatever folders and files are called", async () => {
    using folder = makeFolder();
    const names = [
      "plain",
      " spaced out ",
      "-dash",
      "back\\slash",
      "quo'te\"",
      "line\nend",
      "$(touch x)",
      "ö",
      "%s",
      "*",
    ];
    for (const name of names) {
      makeRepository(folder.join(name));
      writeFiles(folder.join(name), { "new\nfile": "x" });
      writeFileSync(Buffer.concat([Buffer.from(`${folder.join(name)}/`), Buffer.from([0xff, 0x0a])]), "");
    }
    const args = ["status", "--porcelain=v2", "--branch", "-z"];
    await using batch = openGitBatch({ args, size: 3 });
    const outputs = await Promise.all(names.map(async (name) => (await batch.run(folder.join(name))).stdout));
    const singly = await Promise.all(
      names.map(async (name) => (await runGit({ folder: folder.join(name), args })).stdout),
    );
    expect(outputs).toEqual(singly);
    expect(outputs[0]?.includes(0xff)).toBe(true);
  });

  it("passes on large output and what looks like its own end lines", async () => {
    using folder = makeFolder();
    const text = `${"\n0123456789abcdef end\n".repeat(50_000)}\n\n 0\n`;
    makeRepository(folder.path, { "big.txt": text });
    await using batch = openGitBatch({ args: ["show", "HEAD:big.txt"], size: 1 });
    for (let round = 0; round < 3; round += 1) {
      expect((await batch.run(folder.path)).stdout.toString("utf8")).toBe(text);
    }
  });

  it("tells failures like single calls, and goes on after them", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("a"));
    mkdirSync(folder.join("plain"));
    await using batch = openGitBatch({ args: ["rev-parse", "HEAD"], size: 1 });
    await expect(batch.run(folder.join("plain"))).rejects.toMatchObject({
      failure: "notARepository",
      gitExitCode: 128,
    });
    await expect(batch.run(folder.join("none"))).rejects.toMatchObject({ code: "GIT_FAILED", gitExitCode: 128 });
    expect((await batch.run(folder.join("a"))).stdout.toString("utf8").trim()).toBe(
      git(folder.join("a"), "rev-parse", "HEAD"),
    );
    await using diffs = openGitBatch({ args: ["diff", "--quiet"], size: 1, accept: [0, 1] });
    expect((await diffs.run(folder.join("a"))).exitCode).toBe(0);
    writeFiles(folder.join("a"), { "README.md": "changed" });
    expect((await diffs.run(folder.join("a"))).exitCode).toBe(1);
  });

  it("never speaks of a repository above the folder", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    mkdirSync(folder.join("inner"));
    await using batch = openGitBatch({ args: ["rev-parse", "HEAD"], size: 1 });
    await expect(batch.run(folder.join("inner"))).rejects.toMatchObject({ failure: "notARepository" });
  });

  it("says that git is missing, and recognises dubious ownership", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    await using without = openGitBatch({ args: ["status"], size: 1, env: { PATH: folder.path } });
    await expect(without.run(folder.path)).rejects.toMatchObject({ code: "GIT_MISSING" });
    const env = { ...gitEnvironment(), GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };
    await using foreign = openGitBatch({ args: ["status"], size: 1, env });
    await expect(foreign.run(folder.path)).rejects.toMatchObject({ failure: "dubiousOwnership" });
  });

  it("ends a git that takes too long or prints without end, and serves the next folder", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("slow"));
    makeRepository(folder.join("fine"));
    makeRepository(folder.join("loud"));
    git(folder.join("slow"), "config", "alias.act", "!sleep 60");
    git(folder.join("loud"), "config", "alias.act", "!cat /dev/zero");
    git(folder.join("fine"), "config", "alias.act", "!echo fine");
    await using batch = openGitBatch({ args: ["act"], size: 1, timeoutMs: 5_000 });
    await using hasty = openGitBatch({ args: ["act"], size: 1, timeoutMs: 200 });
    await expect(hasty.run(folder.join("slow"))).rejects.toMatchObject({ failure: "timeout" });
    expect((await hasty.run(folder.join("fine"))).stdout.toString("utf8")).toBe("fine\n");
    await expect(batch.run(folder.join("loud"))).rejects.toMatchObject({ failure: "tooMuchOutput" });
    expect((await batch.run(folder.join("fine"))).stdout.toString("utf8")).toBe("fine\n");
  });

  it("stops with the signal's reason and leaves no process", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    git(folder.path, "config", "alias.act", "!sleep 60");
    const controller = new AbortController();
    await using batch = openGitBatch({ args: ["act"], size: 2, signal: controller.signal });
    const calls = [batch.run(folder.path), batch.run(folder.path), batch.run(folder.path)];
    await delay(100);
    controller.abort(new Error("enough"));
    const results = await Promise.allSettled(calls);
    expect(results.map((result) => (result.status === "rejected" ? (result.reason as Error).message : "ran"))).toEqual([
      "enough",
      "enough",
      "enough",
    ]);
  });

  it("tells git nothing of its own", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    git(folder.path, "config", "alias.act", "!env");
    await using batch = openGitBatch({ args: ["act"], size: 1 });
    const lines = (await batch.run(folder.path)).stdout.toString("utf8");
    expect(lines).toContain(`GIT_CEILING_DIRECTORIES=${folder.join("..")}\n`);
    expect(lines).not.toMatch(/BATCH_WORD|mhv_/);
  });

  it("reads no more than it is given, and writes nothing into the repository", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    git(folder.path, "config", "alias.act", "!cat");
    commitFiles(folder.path, { x: "1" });
    await using batch = openGitBatch({ args: ["act"], size: 1 });
    const outputs = await Promise.all([1, 2, 3].map(async () => (await batch.run(folder.path)).stdout.length));
    expect(outputs).toEqual([0, 0, 0]);
  });
});
