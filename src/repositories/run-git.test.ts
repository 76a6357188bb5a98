import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { git, makeFolder, makeRepository } from "../../test/support/git-fixture.ts";
import { GitError } from "./git-error.ts";
import { gitEnvironment, runGit } from "./run-git.ts";

/** The GitError that a call ends with. */
async function failureOf(call: Promise<unknown>): Promise<GitError> {
  const error = await call.then(
    () => new Error("git did not fail"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof GitError) return error;
  throw error;
}

describe("runGit", () => {
  it("gives bytes, and tells a failure with git's own words", async () => {
    using folder = makeFolder();
    const head = makeRepository(folder.path);
    const { stdout, exitCode } = await runGit({ folder: folder.path, args: ["rev-parse", "HEAD"] });
    expect([stdout.toString("utf8").trim(), exitCode]).toEqual([head, 0]);
    const error = await failureOf(runGit({ folder: folder.path, args: ["rev-parse", "--verify", "nowhere"] }));
    expect(error).toMatchObject({
      code: "GIT_FAILED",
      failure: "exit",
      gitExitCode: 128,
      args: ["rev-parse", "--verify", "nowhere"],
    });
    expect(error.message).toContain("Needed a single revision");
    const { exitCode: accepted } = await runGit({
      folder: folder.path,
      args: ["diff", "--quiet", "HEAD"],
      accept: [0, 1],
    });
    expect(accepted).toBe(0);
  });

  it("hands over input and survives a git that does not read it", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const hashed = await runGit({ folder: folder.path, args: ["hash-object", "--stdin"], input: "hello\n" });
    expect(hashed.stdout.toString("utf8").trim()).toBe("ce013625030ba8dba906f756967f9e9ca394464a");
    await runGit({ folder: folder.path, args: ["rev-parse", "HEAD"], input: Buffer.alloc(4_000_000) });
  });

  it("tells a folder that is no repository, one that is not there, and git that is not there", async () => {
    using folder = makeFolder();
    const env = { ...gitEnvironment(), GIT_CEILING_DIRECTORIES: folder.join("..") };
    expect((await failureOf(runGit({ folder: folder.path, args: ["status"], env }))).failure).toBe("notARepository");
    const missing = await failureOf(runGit({ folder: folder.join("no"), args: ["status"] }));
    expect(missing.message).toContain("the folder does not exist");
    await expect(runGit({ folder: folder.path, args: ["status"], env: { PATH: folder.path } })).rejects.toMatchObject({
      code: "GIT_MISSING",
    });
  });

  it("recognises dubious ownership and a lock that another process holds", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const env = { ...gitEnvironment(), GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };
    const dubious = await failureOf(runGit({ folder: folder.path, args: ["status"], env }));
    expect(dubious.failure).toBe("dubiousOwnership");
    expect(dubious.fix).toContain(`safe.directory ${folder.path}`);
    writeFileSync(folder.join(".git/index.lock"), "");
    expect((await failureOf(runGit({ folder: folder.path, args: ["add", "."] }))).failure).toBe("locked");
  });

  it("names the command that failed, not the settings before it", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const args = ["-c", "core.hooksPath=/none", "--no-pager", "-C", folder.path, "commit", "-m", "nothing"];
    const error = await failureOf(runGit({ folder: folder.path, args }));
    expect(error.message).toContain(`git commit failed in ${folder.path} (exit `);
  });

  it("ends git and its children at the time limit", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const started = performance.now();
    const args = ["-c", "alias.hang=!sleep 60", "hang"];
    const error = await failureOf(runGit({ folder: folder.path, args, timeoutMs: 100 }));
    expect(error).toMatchObject({ failure: "timeout", gitExitCode: null });
    expect(error.message).toBe(`git hang in ${folder.path} took longer than 100 ms and was ended`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("tells of its process, and kills it when nobody can take note", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    let told = 0;
    const args = ["-c", "alias.group=!ps -o pgid= -p $$", "group"];
    const { stdout } = await runGit({ folder: folder.path, args, onStart: (pid) => (told = pid) });
    expect(Number(stdout.toString("utf8"))).toBe(told);
    const onStart = (): never => {
      throw new Error("no space");
    };
    const hanging = ["-c", "alias.hang=!sleep 60", "hang"];
    await expect(runGit({ folder: folder.path, args: hanging, onStart })).rejects.toThrow("no space");
  });

  it("kills what does not listen to the polite signal", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const args = ["-c", "alias.deaf=!trap '' TERM; while :; do sleep 0.1; done", "deaf"];
    expect((await failureOf(runGit({ folder: folder.path, args, timeoutMs: 100 }))).failure).toBe("timeout");
  });

  it("does not wait for a helper that keeps the pipes open, and ends it", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const started = performance.now();
    const { stdout } = await runGit({ folder: folder.path, args: ["-c", "alias.leave=!echo hi; sleep 60 &", "leave"] });
    expect(stdout.toString("utf8")).toBe("hi\n");
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("reads all output even when this process is too busy to read it in time", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const call = runGit({ folder: folder.path, args: ["-c", "alias.much=!head -c 3000000 /dev/zero", "much"] });
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const until = performance.now() + 300;
      while (performance.now() < until);
    }
    expect((await call).stdout.length).toBe(3_000_000);
  });

  it("ends a git that prints without end", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const args = ["-c", "alias.flood=!cat /dev/zero", "flood"];
    expect((await failureOf(runGit({ folder: folder.path, args }))).failure).toBe("tooMuchOutput");
  });

  it("stops with the signal's reason", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const args = ["-c", "alias.hang=!sleep 60", "hang"];
    const controller = new AbortController();
    const call = runGit({ folder: folder.path, args, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(call).rejects.toThrow("enough");
    await expect(runGit({ folder: folder.path, args, signal: controller.signal })).rejects.toThrow("enough");
  });

  it("looks at the folder's repository, whatever the caller's environment says", async () => {
    using folder = makeFolder();
    const head = makeRepository(folder.join("a"));
    makeRepository(folder.join("b"), { other: "x" });
    const env = gitEnvironment({
      ...process.env,
      GIT_DIR: folder.join("b/.git"),
      GIT_WORK_TREE: folder.join("b"),
      GIT_INDEX_FILE: "/no",
    });
    const { stdout } = await runGit({ folder: folder.join("a"), args: ["rev-parse", "HEAD"], env });
    expect(stdout.toString("utf8").trim()).toBe(head);
    expect(env).toMatchObject({ GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" });
  });

  it("starts no hook and no monitor of the repository's own choice", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const canary = folder.join("ran");
    writeFileSync(folder.join(".git/spy"), `#!/bin/sh\ntouch '${canary}'\n`, { mode: 0o755 });
    git(folder.path, "config", "core.fsmonitor", folder.join(".git/spy"));
    await runGit({ folder: folder.path, args: ["status"] });
    expect(existsSync(canary)).toBe(false);
    // The same command without our settings does start it, so the canary can sing.
    git(folder.path, "status");
    expect(existsSync(canary)).toBe(true);
    rmSync(canary);
    git(folder.path, "config", "core.fsmonitor", "false");
    mkdirSync(folder.join(".git/hooks"));
    copyFileSync(folder.join(".git/spy"), folder.join(".git/hooks/post-checkout"));
    await runGit({ folder: folder.path, args: ["checkout", "--quiet", "main"] });
    expect(existsSync(canary)).toBe(false);
    git(folder.path, "checkout", "--quiet", "main");
    expect(existsSync(canary)).toBe(true);
  });
});
