import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitFiles, git, gitFails, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { makeFleet } from "../../test/support/make-fleet.ts";
import { checkFleet, checkRepositories, type FleetCheck } from "./check-repositories.ts";

/** Codes of each repository by its name. */
function codesOf({ repositories }: FleetCheck): Record<string, string[]> {
  return Object.fromEntries(
    repositories.map(({ repository, findings }) => [repository.name, findings.map(({ code }) => code)]),
  );
}

describe("checkRepositories", () => {
  it("names and counts every repository, whatever is wrong with it", async () => {
    using folder = makeFolder();
    const root = folder.join("root");
    for (const name of [
      "ok",
      "dirty",
      "detached",
      "locked",
      "stale",
      "merging",
      "nested/inner",
      "nested",
      "torn",
      "cloned",
      "linked-main",
    ]) {
      makeRepository(join(root, name), name === "nested" ? { ".gitignore": "inner\n" } : { "a.txt": "1\n" });
    }
    writeFiles(root, { "dirty/new.txt": "x", file: "x", "plain/x": "x" });
    git(join(root, "detached"), "switch", "--quiet", "--detach");
    for (const name of ["locked", "stale"]) writeFileSync(join(root, name, ".git/index.lock"), "");
    utimesSync(join(root, "stale/.git/index.lock"), new Date(0), new Date(0));
    git(join(root, "merging"), "switch", "--quiet", "--create", "other");
    commitFiles(join(root, "merging"), { "a.txt": "2\n" });
    git(join(root, "merging"), "switch", "--quiet", "main");
    commitFiles(join(root, "merging"), { "a.txt": "3\n" });
    gitFails(join(root, "merging"), "merge", "other");
    mkdirSync(join(root, "unborn"));
    git(join(root, "unborn"), "init", "--quiet");
    mkdirSync(join(root, "bare"));
    git(join(root, "bare"), "init", "--quiet", "--bare");
    writeFileSync(join(root, "torn/.git/HEAD"), "garbage\n");
    symlinkSync("ok", join(root, "alias"));
    makeRepository(folder.join("outside"));
    symlinkSync("../outside", join(root, "escape"));
    git(folder.join("outside"), "worktree", "add", "--quiet", "--detach", join(root, "linked"));

    const fleet = await makeFleet(root, [
      "repos:",
      "  ok: {}",
      "  dirty: {}",
      "  detached: {}",
      "  unborn: {}",
      "  locked: {}",
      "  stale: {}",
      "  merging: {}",
      "  missing: { url: 'git@git.example.test:x.git' }",
      "  gone: { optional: true }",
      "  file: {}",
      "  plain: {}",
      "  bare: {}",
      "  torn: {}",
      "  again: { path: ./ok }",
      "  alias: {}",
      "  nested: {}",
      "  inner: { path: nested/inner }",
      "  lost: { path: nested/none }",
      "  up: { path: ../outside }",
      "  escape: {}",
      "  linked: {}",
      "  cloned: { url: 'https://ann:hunter2@git.example.test/x' }",
    ]);
    const check = await checkRepositories(fleet);
    expect(codesOf(check)).toEqual({
      ok: [],
      dirty: ["dirty"],
      detached: ["detached"],
      unborn: ["unborn"],
      locked: ["locked"],
      stale: ["staleLock"],
      merging: ["operation", "dirty"],
      missing: ["missing"],
      gone: ["missing"],
      file: ["notAFolder"],
      plain: ["notGit"],
      bare: ["bare"],
      torn: ["gitFailed"],
      again: ["duplicate"],
      alias: ["alias"],
      nested: [],
      inner: ["nested"],
      lost: ["nested", "missing"],
      up: ["outside"],
      escape: ["alias", "outside"],
      linked: ["gitFolderOutside", "detached"],
      cloned: ["secretInUrl"],
    });
    expect(check.counts).toEqual({
      total: 22,
      ok: 4,
      warning: 7,
      error: 11,
      byCode: {
        dirty: 2,
        detached: 2,
        unborn: 1,
        locked: 1,
        staleLock: 1,
        operation: 1,
        missing: 3,
        notAFolder: 1,
        notGit: 1,
        bare: 1,
        gitFailed: 1,
        duplicate: 1,
        alias: 2,
        nested: 2,
        outside: 2,
        gitFolderOutside: 1,
        secretInUrl: 1,
      },
    });
    const find = (name: string) => check.repositories.find(({ repository }) => repository.name === name);
    expect(find("missing")?.findings[0]?.fix).toBe(`git clone git@git.example.test:x.git ${root}/missing`);
    expect(find("gone")?.state).toBe("warning");
    expect(find("escape")?.facts).toBe(null);
    expect(find("inner")?.findings[0]).toMatchObject({
      other: "nested",
      message: expect.stringContaining('lies inside "nested" (repos.yaml:18)') as string,
    });
    expect(find("again")?.findings[0]?.message).toBe('has the same path as "ok" (repos.yaml:3)');
    expect(find("cloned")?.findings[0]?.message).not.toContain("hunter2");
    expect(find("dirty")?.facts).toMatchObject({ branch: "main", changed: 1 });
    for (const { findings } of check.repositories) {
      for (const { message, fix } of findings) expect([message === "", fix === ""]).toEqual([false, false]);
    }
  });

  it("looks for conflicts with repositories that were not asked for", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("outer/inner"));
    makeRepository(folder.join("outer"), { ".gitignore": "inner\n" });
    const fleet = await makeFleet(folder.path, ["repos: { outer: {}, inner: { path: outer/inner } }"]);
    const check = await checkRepositories(fleet, { repositories: fleet.repositories.slice(1) });
    expect(codesOf(check)).toEqual({ inner: ["nested"] });
    expect(check.counts.total).toBe(1);
  });

  it("runs no git outside the roots", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("outside"));
    const canary = folder.join("ran");
    git(folder.join("outside"), "config", "filter.spy.clean", `touch '${canary}'; cat`);
    writeFiles(folder.path, { "outside/.gitattributes": "* filter=spy\n", "outside/README.md": "jello\n" });
    utimesSync(folder.join("outside/README.md"), new Date(0), new Date(0));
    const fleet = await makeFleet(folder.join("root"), ["repos: { x: { path: ../outside } }"]);
    await checkRepositories(fleet);
    expect(() => execFileSync("test", ["!", "-e", canary])).not.toThrow();
    git(folder.join("outside"), "status");
    expect(() => execFileSync("test", ["-e", canary])).not.toThrow();
  });

  it("says that another user's repository is not trusted", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("a"));
    const fleet = await makeFleet(folder.path, ["repos: { a: {} }"]);
    process.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1";
    try {
      const [checked] = (await checkRepositories(fleet)).repositories;
      expect(checked?.findings).toEqual([
        expect.objectContaining({
          code: "untrusted",
          fix: expect.stringContaining(`safe.directory ${folder.join("a")}`) as string,
        }),
      ]);
    } finally {
      delete process.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"];
    }
  });

  it("names what may not be read, asked by a user without the right", async () => {
    using folder = makeFolder();
    for (const name of ["open", "closed", "shut/inside", "sealed"]) makeRepository(folder.join(name));
    const fleet = ["repos: { open: {}, closed: {}, inside: { path: shut/inside }, sealed: {} }"];
    await makeFleet(folder.path, fleet);
    if (process.getuid?.() === 0) {
      execFileSync("chown", ["-R", "65534:65534", folder.path]);
      // The other user must come this far: the temporary folders above are closed to everybody else.
      for (let at = dirname(folder.path); at !== "/"; at = dirname(at)) {
        const { mode } = statSync(at);
        if ((mode & 0o001) === 0) chmodSync(at, mode | 0o001);
      }
    }
    chmodSync(folder.join("closed"), 0o000);
    chmodSync(folder.join("shut"), 0o000);
    chmodSync(folder.join("sealed/.git"), 0o000);
    try {
      const printed = runAsOther(
        `import { loadManifest } from ${JSON.stringify(join(import.meta.dirname, "load-manifest.ts"))};
         import { checkRepositories } from ${JSON.stringify(join(import.meta.dirname, "check-repositories.ts"))};
         const { repositories } = await checkRepositories(await loadManifest({ file: process.argv[1] }));
         console.log(JSON.stringify(repositories.map(({ findings }) => findings.map(({ code }) => code))));`,
        folder.join("repos.yaml"),
      );
      expect(JSON.parse(printed)).toEqual([[], ["denied"], ["denied"], ["denied"]]);
    } finally {
      for (const name of ["closed", "shut", "sealed/.git"]) chmodSync(folder.join(name), 0o755);
    }
  });

  it("stops when it is told to", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("a"));
    const fleet = await makeFleet(folder.path, ["repos: { a: {} }"]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(checkRepositories(fleet, { signal })).rejects.toThrow("enough");
  });
});

describe("checkFleet", () => {
  it("reports paths without a git process", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("a"));
    mkdirSync(folder.join("a/b"));
    symlinkSync("a", folder.join("link"));
    const fleet = await makeFleet(folder.path, [
      "repos: { a: {}, b: { path: a/b }, link: {}, c: {}, d: { path: c }, out: { path: .. } }",
    ]);
    const path = process.env["PATH"];
    process.env["PATH"] = "";
    try {
      const found = [...(await checkFleet(fleet))].map(([name, findings]) => [name, findings.map(({ code }) => code)]);
      expect(found).toEqual([
        ["a", ["nested"]],
        ["b", ["nested"]],
        ["link", ["alias"]],
        ["c", ["nested"]],
        ["d", ["duplicate"]],
        ["out", ["outside"]],
      ]);
    } finally {
      process.env["PATH"] = path;
    }
  });
});

/** Runs a module as a user who is not root: the right to read everything would hide what is tested. */
function runAsOther(script: string, argument: string): string {
  const isRoot = process.getuid?.() === 0;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", script, argument], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
  });
}
