import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitFiles, git, gitFails, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { readGitFacts } from "./git-facts.ts";
import { readHead } from "./read-head.ts";
import { gitEnvironment } from "./run-git.ts";
import { openWorkingTree } from "./working-tree.ts";

/** A repository with two branches that cannot be merged without help. */
function makeConflict(folder: string): void {
  makeRepository(folder, { "a.txt": "one\n" });
  git(folder, "switch", "--quiet", "--create", "other");
  commitFiles(folder, { "a.txt": "two\n" });
  commitFiles(folder, { "b.txt": "more\n" });
  git(folder, "switch", "--quiet", "main");
  commitFiles(folder, { "a.txt": "three\n" });
}

describe("readGitFacts", () => {
  it("reads branch, head, changes and the distance to the upstream", async () => {
    using folder = makeFolder();
    const [origin, clone] = [folder.join("origin"), folder.join("a clone with spaces")];
    makeRepository(origin, { "a.txt": "1\n", "gone.txt": "x\n", "old name.txt": "same content\n" });
    git(folder.path, "clone", "--quiet", origin, clone);
    commitFiles(origin, { "c.txt": "theirs\n" });
    git(clone, "fetch", "--quiet");
    commitFiles(clone, { "d.txt": "ours\n" });
    const head = commitFiles(clone, { "e.txt": "ours too\n" });
    writeFiles(clone, { "a.txt": "changed\n", "new\nline.txt": "untracked\n" });
    git(clone, "mv", "old name.txt", "new name.txt");
    rmSync(join(clone, "gone.txt"));
    expect(await readGitFacts(clone)).toEqual({
      head,
      branch: "main",
      upstream: "origin/main",
      ahead: 2,
      behind: 1,
      changed: 4,
      locks: [],
      operation: null,
    });
  });

  it("counts file names that are not UTF-8", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const name = Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x22])]);
    writeFileSync(name, "bytes\n");
    expect((await readGitFacts(folder.path)).changed).toBe(1);
  });

  it("tells unborn and detached", async () => {
    using folder = makeFolder();
    mkdirSync(folder.join("unborn"));
    git(folder.join("unborn"), "init", "--quiet", "--initial-branch=trunk");
    expect(await readGitFacts(folder.join("unborn"))).toMatchObject({ head: null, branch: "trunk", changed: 0 });
    const head = makeRepository(folder.join("detached"));
    git(folder.join("detached"), "switch", "--quiet", "--detach");
    expect(await readGitFacts(folder.join("detached"))).toMatchObject({ head, branch: null });
  });

  it.each([
    ["merge", ["merge", "other"]],
    ["rebase", ["rebase", "other"]],
    ["cherry-pick", ["cherry-pick", "other~1"]],
    ["revert", ["revert", "--no-edit", "HEAD~1"]],
  ])("sees a %s that stopped half-way", async (operation, args) => {
    using folder = makeFolder();
    makeConflict(folder.path);
    if (operation === "revert") commitFiles(folder.path, { "a.txt": "four\n" });
    gitFails(folder.path, ...args);
    expect((await readGitFacts(folder.path)).operation).toBe(operation);
  });

  it("sees a series of picks whose conflict was committed, and a bisect", async () => {
    using folder = makeFolder();
    makeConflict(folder.path);
    gitFails(folder.path, "cherry-pick", "other~1", "other");
    commitFiles(folder.path, { "a.txt": "solved\n" });
    expect((await readGitFacts(folder.path)).operation).toBe("cherry-pick");
    git(folder.path, "cherry-pick", "--quit");
    git(folder.path, "bisect", "start");
    expect((await readGitFacts(folder.path)).operation).toBe("bisect");
  });

  it("finds locks with their age, in the git folder and below refs", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const now = Date.now();
    const old = folder.join(".git/index.lock");
    const young = folder.join(".git/refs/heads/main.lock");
    writeFileSync(old, "");
    writeFileSync(young, "");
    utimesSync(old, new Date(now - 3_600_000), new Date(now - 3_600_000));
    const { locks } = await readGitFacts(folder.path, { now: () => now });
    expect(locks.map(({ path }) => path)).toEqual([old, young]);
    expect(locks[0]?.ageMs).toBe(3_600_000);
    expect(locks[1]?.ageMs).toBeLessThan(60_000);
  });

  it("changes nothing in the repository", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    // The index is out of date now: a plain `git status` would write it.
    utimesSync(folder.join("README.md"), new Date(0), new Date(0));
    const before = statSync(folder.join(".git/index")).mtimeMs;
    expect((await readGitFacts(folder.path)).changed).toBe(0);
    expect(statSync(folder.join(".git/index")).mtimeMs).toBe(before);
  });

  it("works in a linked worktree, with the locks and operations of its own", async () => {
    using folder = makeFolder();
    const [main, linked] = [folder.join("main"), folder.join("linked tree")];
    makeConflict(main);
    git(main, "worktree", "add", "--quiet", linked, "other");
    gitFails(linked, "merge", "main");
    writeFileSync(join(main, ".git/packed-refs.lock"), "");
    const facts = await readGitFacts(linked);
    expect(facts).toMatchObject({ branch: "other", operation: "merge" });
    expect(facts.locks.map(({ path }) => path)).toEqual([join(main, ".git/packed-refs.lock")]);
    expect((await readGitFacts(main)).operation).toBe(null);
    expect((await openWorkingTree(linked)).tree).toMatchObject({ linked: true, commonDir: join(main, ".git") });
  });

  it("never speaks of a repository above a damaged one", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const inner = folder.join("inner");
    makeRepository(inner);
    rmSync(join(inner, ".git/objects"), { recursive: true });
    await expect(readGitFacts(inner)).rejects.toMatchObject({ failure: "notARepository" });
    rmSync(join(inner, ".git"), { recursive: true });
    await expect(readGitFacts(inner)).rejects.toThrow("it has no .git");
  });

  it("passes on that git does not trust the owner", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const env = { ...gitEnvironment(), GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };
    await expect(readGitFacts(folder.path, { env })).rejects.toMatchObject({ failure: "dubiousOwnership" });
  });
});

describe("readHead", () => {
  /** What git itself says. */
  const ask = (folder: string): unknown => ({
    head: git(folder, "rev-parse", "HEAD"),
    branch: git(folder, "branch", "--show-current") || null,
  });

  it("agrees with git on loose, packed, nested, detached and linked heads", async () => {
    using folder = makeFolder();
    const path = folder.join("r");
    makeRepository(path);
    expect(await readHead(path)).toEqual(ask(path));
    git(path, "switch", "--quiet", "--create", "feature/deep/name");
    commitFiles(path, { x: "1" });
    git(path, "tag", "--annotate", "--message=x", "v1");
    git(path, "pack-refs", "--all");
    expect(await readHead(path)).toEqual(ask(path));
    commitFiles(path, { x: "2" });
    expect(await readHead(path)).toEqual(ask(path));
    git(path, "worktree", "add", "--quiet", folder.join("w"), "main");
    expect(await readHead(folder.join("w"))).toEqual(ask(folder.join("w")));
    git(path, "symbolic-ref", "refs/heads/alias", "refs/heads/main");
    git(folder.join("w"), "switch", "--quiet", "--detach");
    expect(await readHead(folder.join("w"))).toEqual(ask(folder.join("w")));
    git(path, "symbolic-ref", "HEAD", "refs/heads/alias");
    expect((await readHead(path)).head).toBe(git(path, "rev-parse", "main"));
  });

  it("knows SHA-256 repositories and unborn branches", async () => {
    using folder = makeFolder();
    mkdirSync(folder.join("r"));
    git(folder.join("r"), "init", "--quiet", "--object-format=sha256", "--initial-branch=main");
    expect(await readHead(folder.join("r"))).toEqual({ head: null, branch: "main" });
    const head = commitFiles(folder.join("r"), { x: "1" });
    expect(head).toHaveLength(64);
    expect(await readHead(folder.join("r"))).toEqual({ head, branch: "main" });
  });

  it("asks git where the files say nothing, and refuses what git does not understand", async () => {
    using folder = makeFolder();
    const head = makeRepository(folder.path);
    mkdirSync(folder.join(".git/reftable"));
    expect(await readHead(folder.path)).toEqual({ head, branch: "main" });
    rmSync(folder.join(".git/reftable"), { recursive: true });
    for (const text of ["ref: ../../../etc/passwd", "garbage", ""]) {
      writeFileSync(folder.join(".git/HEAD"), `${text}\n`);
      await expect(readHead(folder.path)).rejects.toMatchObject({ code: "GIT_FAILED" });
    }
    writeFileSync(folder.join(".git/HEAD"), "ref: refs/heads/loop\n");
    writeFileSync(folder.join(".git/refs/heads/loop"), "ref: refs/heads/loop\n");
    await expect(readHead(folder.path)).rejects.toMatchObject({ code: "GIT_FAILED" });
  });

  it("starts no process", async () => {
    using folder = makeFolder();
    const head = makeRepository(folder.path);
    const script = `import { readHead } from ${JSON.stringify(join(import.meta.dirname, "read-head.ts"))};
      console.log((await readHead(process.argv[1])).head);`;
    const args = ["--input-type=module", "--eval", script, folder.path];
    const printed = execFileSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, PATH: "" } });
    expect(printed.trim()).toBe(head);
  });
});

describe("openWorkingTree", () => {
  it("names each reason why there is no working tree", async () => {
    using folder = makeFolder();
    const problemOf = async (name: string): Promise<string | undefined> => {
      const opened = await openWorkingTree(folder.join(name));
      return opened.tree === undefined ? opened.problem : undefined;
    };
    makeRepository(folder.join("ok"));
    mkdirSync(folder.join("plain"));
    writeFileSync(folder.join("file"), "");
    mkdirSync(folder.join("bare"));
    git(folder.join("bare"), "init", "--quiet", "--bare");
    mkdirSync(folder.join("torn"));
    writeFileSync(folder.join("torn/.git"), "gitdir: ../nowhere\n");
    mkdirSync(folder.join("odd"));
    writeFileSync(folder.join("odd/.git"), "hello\n");
    mkdirSync(folder.join("begun/.git"), { recursive: true });
    symlinkSync("loop", folder.join("loop"));
    symlinkSync("gone", folder.join("dangling"));
    mkdirSync(folder.join("pipe"));
    execFileSync("mkfifo", [folder.join("pipe/.git")]);
    const names = [
      "ok",
      "none",
      "plain",
      "file",
      "file/below",
      "bare",
      "torn",
      "odd",
      "begun",
      "loop",
      "dangling",
      "pipe",
    ];
    expect(
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, await problemOf(name)] as const))),
    ).toEqual({
      ok: undefined,
      none: "missing",
      plain: "notGit",
      file: "notAFolder",
      "file/below": "notAFolder",
      bare: "bare",
      torn: "broken",
      odd: "notGit",
      begun: "broken",
      loop: "broken",
      dangling: "missing",
      pipe: "notGit",
    });
  });

  it("follows a .git that is a link to another place", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("r"));
    renameSync(folder.join("r/.git"), folder.join("elsewhere"));
    symlinkSync("../elsewhere", folder.join("r/.git"));
    expect((await readGitFacts(folder.join("r"))).branch).toBe("main");
    expect((await openWorkingTree(folder.join("r"))).tree?.linked).toBe(true);
  });
});
