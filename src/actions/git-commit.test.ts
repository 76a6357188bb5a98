import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json, Outputs } from "../engine/contract.ts";
import { openWorktree } from "../repositories/worktree.ts";
import { makeActionContext } from "./action-context-fixture.ts";
import { gitCommit } from "./git-commit.ts";

let root: string;
let repository: string;
let worktree: string;

const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

const write = (folder: string, file: string, text = `${file}\n`): void => writeFileSync(join(folder, file), text);

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "git-commit-"));
  repository = join(root, "gateway");
  worktree = join(root, "worktree");
  mkdirSync(repository);
  git(repository, "init", "--quiet", "--initial-branch=main");
  git(repository, "config", "user.name", "Dana");
  git(repository, "config", "user.email", "dana@example.test");
  write(repository, "kept");
  write(repository, "removed");
  git(repository, "add", "--all");
  git(repository, "commit", "--quiet", "--message=first");
  await openWorktree({ repository, folder: worktree, commit: git(repository, "rev-parse", "HEAD"), fresh: false });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const commit = (
  input: Readonly<Record<string, Json>>,
  {
    checkout = worktree,
    ...more
  }: { checkout?: string; key?: string; signal?: AbortSignal; env?: Record<string, string> } = {},
): Promise<Outputs> =>
  gitCommit.run(
    { message: "Change it", ...input },
    makeActionContext({
      repository: { name: "gateway", checkout, path: repository, tags: [] },
      ...(more.key === undefined ? {} : { idempotencyKey: more.key }),
      ...(more.signal === undefined ? {} : { signal: more.signal }),
      ...(more.env === undefined ? {} : { env: more.env }),
    }),
  );

const count = (ref: string): number => Number(git(repository, "rev-list", "--count", ref));

describe("git/commit", () => {
  it("commits all that has changed on a new branch of a worktree, and nothing else anywhere", async () => {
    write(worktree, "added");
    write(worktree, "kept", "changed\n");
    unlinkSync(join(worktree, "removed"));
    const before = git(repository, "rev-parse", "main");
    const outputs = await commit({ branch: "raise-node", message: "Require Node 24\n\nBecause." });
    const tip = git(repository, "rev-parse", "raise-node");
    expect(outputs).toEqual({ changed: "true", created: "true", commit: tip, branch: "raise-node" });
    expect(git(repository, "log", "-1", "--format=%an <%ae>%n%B", tip)).toBe(
      "Dana <dana@example.test>\nRequire Node 24\n\nBecause.\n\nMahavishnu-Key: k3v9q0x2mf/edit/gateway/commit",
    );
    expect(git(repository, "show", "--name-status", "--format=", tip)).toBe("A\tadded\nM\tkept\nD\tremoved");
    expect(git(worktree, "status", "--porcelain")).toBe("");
    expect(git(worktree, "branch", "--show-current")).toBe("raise-node");
    expect([git(repository, "rev-parse", "main"), git(repository, "status", "--porcelain")]).toEqual([before, ""]);
  });

  it("commits in place on the branch that is checked out", async () => {
    write(repository, "added");
    const outputs = await commit({}, { checkout: repository });
    expect(outputs).toMatchObject({ created: "true", branch: "main", commit: git(repository, "rev-parse", "main") });
    expect(count("main")).toBe(2);
  });

  it("commits named paths only, without reading them as patterns", async () => {
    write(worktree, "added");
    write(worktree, "*");
    write(worktree, "kept", "changed\n");
    unlinkSync(join(worktree, "removed"));
    await commit({ branch: "b", paths: ["*", "removed"] });
    expect(git(repository, "show", "--name-status", "--format=", "b")).toBe("A\t*\nD\tremoved");
    expect(git(worktree, "status", "--porcelain").split("\n")).toHaveLength(2);
  });

  it("says that nothing has changed, and makes no branch", async () => {
    const outputs = await commit({ branch: "raise-node" });
    expect(outputs).toEqual({
      changed: "false",
      created: "false",
      commit: git(repository, "rev-parse", "main"),
      branch: "",
    });
    expect(git(repository, "branch", "--list", "raise-node")).toBe("");
  });

  it("recognises its own commit at a further attempt", async () => {
    write(worktree, "added");
    const first = await commit({ branch: "raise-node" });
    expect(await commit({ branch: "raise-node" })).toEqual({ ...first, created: "false" });
    expect(count("raise-node")).toBe(2);
    // To another step, with another key, it is a commit of somebody else.
    expect(await commit({ branch: "raise-node" }, { key: "other" })).toMatchObject({ changed: "false" });
  });

  it("recognises its own commit of the removal of named paths", async () => {
    unlinkSync(join(worktree, "removed"));
    const input = { branch: "b", paths: ["removed"] };
    const first = await commit(input);
    write(worktree, "later");
    expect(await commit(input)).toEqual({ ...first, created: "false" });
    expect(count("b")).toBe(2);
  });

  it("commits what a later round of the same step has changed", async () => {
    write(worktree, "added");
    await commit({ branch: "raise-node" });
    write(worktree, "added", "better\n");
    expect(await commit({ branch: "raise-node" })).toMatchObject({ changed: "true", created: "true" });
    expect(git(repository, "show", "raise-node:added")).toBe("better");
    write(repository, "added");
    await commit({}, { checkout: repository });
    write(repository, "added", "better\n");
    expect(await commit({}, { checkout: repository })).toMatchObject({ changed: "true", created: "true" });
    expect([count("raise-node"), count("main")]).toEqual([3, 3]);
    expect(git(repository, "status", "--porcelain")).toBe("");
  });

  it("goes on after an attempt that was ended between branch and commit, with the locks it left", async () => {
    write(worktree, "added");
    git(worktree, "switch", "--quiet", "--create", "raise-node");
    git(worktree, "add", "--all");
    writeFileSync(git(worktree, "rev-parse", "--git-path", "index.lock"), "");
    expect(await commit({ branch: "raise-node" })).toMatchObject({ created: "true", branch: "raise-node" });
    expect(count("raise-node")).toBe(2);
  });

  it("recognises an equal tree on the branch, made by another run", async () => {
    write(repository, "added");
    git(repository, "switch", "--quiet", "--create", "raise-node");
    git(repository, "add", "--all");
    git(repository, "commit", "--quiet", "--message=by hand");
    git(repository, "switch", "--quiet", "main");
    write(worktree, "added");
    const outputs = await commit({ branch: "raise-node" });
    expect(outputs).toEqual({
      changed: "true",
      created: "false",
      commit: git(repository, "rev-parse", "raise-node"),
      branch: "raise-node",
    });
    expect(git(worktree, "branch", "--show-current")).toBe("raise-node");
    expect(count("raise-node")).toBe(2);
  });

  it("does not touch a branch with other content, unless it is told to or the commit is its own", async () => {
    write(worktree, "added");
    await commit({ branch: "raise-node" });
    const old = git(repository, "rev-parse", "raise-node");
    await openWorktree({ repository, folder: worktree, commit: git(repository, "rev-parse", "main"), fresh: true });
    write(worktree, "added", "otherwise\n");
    await expect(commit({ branch: "raise-node" }, { key: "other" })).rejects.toThrow(
      `exists with other content, at ${old.slice(0, 12)}`,
    );
    expect(git(repository, "rev-parse", "raise-node")).toBe(old);
    const own = await commit({ branch: "raise-node" });
    expect(own).toMatchObject({ created: "true" });
    expect(count("raise-node")).toBe(2);
    await openWorktree({ repository, folder: worktree, commit: git(repository, "rev-parse", "main"), fresh: true });
    write(worktree, "third");
    await commit({ branch: "raise-node", ifBranchExists: "replace" }, { key: "other" });
    expect(git(repository, "show", "--name-only", "--format=", "raise-node")).toBe("third");
  });

  it("never replaces a branch that is checked out elsewhere", async () => {
    write(worktree, "added");
    await expect(commit({ branch: "main", ifBranchExists: "replace" })).rejects.toMatchObject({ failure: "exit" });
    expect(count("main")).toBe(1);
  });

  it("refuses a commit that would be lost, and one in the middle of something", async () => {
    write(worktree, "added");
    await expect(commit({})).rejects.toThrow("the checkout is on no branch");
    write(repository, "added");
    writeFileSync(join(repository, ".git", "MERGE_HEAD"), `${git(repository, "rev-parse", "HEAD")}\n`);
    await expect(commit({}, { checkout: repository })).rejects.toThrow("a merge is not finished");
  });

  it("begins the history of a repository without commits", async () => {
    const empty = join(root, "empty");
    mkdirSync(empty);
    git(empty, "init", "--quiet", "--initial-branch=main");
    write(empty, "first");
    const env = {
      GIT_AUTHOR_NAME: "Bot",
      GIT_AUTHOR_EMAIL: "b@x",
      GIT_COMMITTER_NAME: "Bot",
      GIT_COMMITTER_EMAIL: "b@x",
    };
    const outputs = await gitCommit.run(
      { message: "Begin", branch: "start" },
      makeActionContext({ repository: { name: "empty", checkout: empty, path: empty, tags: [] }, env }),
    );
    expect(outputs).toMatchObject({ created: "true", branch: "start" });
    expect(git(empty, "log", "--format=%an", "start")).toBe("Bot");
  });

  it("runs hooks only when asked to", async () => {
    const hook = join(repository, ".git", "hooks", "pre-commit");
    mkdirSync(join(repository, ".git", "hooks"), { recursive: true });
    writeFileSync(hook, "#!/bin/sh\ntouch hook-ran\necho not today >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    write(worktree, "added");
    await expect(commit({ branch: "with", hooks: true })).rejects.toThrow("not today");
    expect(existsSync(join(worktree, "hook-ran"))).toBe(true);
    rmSync(join(worktree, "hook-ran"));
    expect(await commit({ branch: "with" })).toMatchObject({ created: "true" });
    expect(existsSync(join(worktree, "hook-ran"))).toBe(false);
    mkdirSync(join(repository, "own-hooks"));
    writeFileSync(join(repository, "own-hooks", "commit-msg"), '#!/bin/sh\necho "by hook" >> "$1"\n', { mode: 0o755 });
    git(repository, "config", "core.hooksPath", join(repository, "own-hooks"));
    write(worktree, "more");
    await commit({ branch: "with", hooks: true }, { key: "more" });
    expect(git(repository, "log", "-1", "--format=%B", "with")).toContain("by hook");
  });

  it.each<[string, Readonly<Record<string, Json>>, string]>([
    ["a name that is none", { branch: "a..b" }, '"a..b" is no name for a branch'],
    ["a name like a flag", { branch: "--orphan" }, '"--orphan" is no name for a branch'],
    ["paths outside", { branch: "b", paths: ["../gateway/kept"] }, "leaves the checkout"],
    ["absolute paths", { branch: "b", paths: ["/etc/passwd"] }, "leaves the checkout"],
    ["an unknown path", { branch: "b", paths: ["nothing"] }, "did not match any files"],
    ["no message", { message: " " }, "with.message"],
    ["unknown input", { mesage: "x" }, 'unknown key "mesage" (did you mean "message"?)'],
  ])("refuses %s as a failure that no retry mends", async (_, input, message) => {
    write(worktree, "added");
    await expect(commit(input)).rejects.toMatchObject({
      message: expect.stringContaining(message) as string,
      failure: "exit",
    });
    expect(git(repository, "branch", "--format=%(refname:short)")).toBe("main");
  });

  it("says what to do without an author", async () => {
    git(repository, "config", "--unset", "user.email");
    git(repository, "config", "user.useConfigOnly", "true");
    write(worktree, "added");
    await expect(commit({ branch: "b" })).rejects.toThrow("git knows no author: set user.name and user.email");
  });

  it("counts a lock of somebody else as infrastructure, and ends when aborted", async () => {
    write(repository, "added");
    write(join(repository, ".git"), "index.lock", "");
    await expect(commit({}, { checkout: repository })).rejects.toMatchObject({ failure: "infrastructure" });
    expect(readFileSync(join(repository, ".git", "index.lock"), "utf8")).toBe("");
    const reason = new Error("cancelled");
    await expect(commit({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
