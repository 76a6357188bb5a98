import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { commitFiles, git, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { openWorktree, removeStaleLocks, removeWorktree } from "./worktree.ts";

/** Worktrees that git knows besides the repository itself. */
function listLinked(repository: string): string[] {
  const lines = git(repository, "worktree", "list", "--porcelain").split("\n");
  return lines
    .filter((line) => line.startsWith("worktree "))
    .slice(1)
    .map((line) => line.slice("worktree ".length));
}

describe("openWorktree", () => {
  it("makes a detached checkout at the commit, keeps it, and makes it anew when asked", async () => {
    using folder = makeFolder();
    const repository = folder.join("a repo");
    const first = makeRepository(repository, { "a.txt": "1\n" });
    commitFiles(repository, { "a.txt": "2\n" });
    const request = { repository, folder: folder.join("state/RUN 1/a"), commit: first };
    expect(await openWorktree({ ...request, fresh: false })).toBe(true);
    expect(readFileSync(join(request.folder, "a.txt"), "utf8")).toBe("1\n");
    expect(git(request.folder, "branch", "--show-current")).toBe("");
    writeFiles(request.folder, { "work.txt": "half done" });
    expect(await openWorktree({ ...request, fresh: false })).toBe(false);
    expect(existsSync(join(request.folder, "work.txt"))).toBe(true);
    expect(await openWorktree({ ...request, fresh: true })).toBe(true);
    expect(readdirSync(request.folder).toSorted()).toEqual([".git", "a.txt"]);
    expect(listLinked(repository)).toEqual([request.folder]);
    await removeWorktree(request);
    await removeWorktree(request);
    expect(existsSync(request.folder)).toBe(false);
    expect(existsSync(join(repository, ".git/worktrees"))).toBe(false);
  });

  it("serves many runs on one repository at once, with the same folder name", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    const places = Array.from({ length: 12 }, (_, i) => ({ repository, folder: folder.join(`runs/${i}/repo`) }));
    const made = await Promise.all(places.map(async (place) => await openWorktree({ ...place, commit, fresh: false })));
    expect(made).toEqual(places.map(() => true));
    expect(listLinked(repository).toSorted()).toEqual(places.map((place) => place.folder).toSorted());
    await Promise.all(places.map(async (place) => await removeWorktree(place)));
    expect(listLinked(repository)).toEqual([]);
    expect(existsSync(join(repository, ".git/worktrees"))).toBe(false);
  });

  it("serves several processes on one repository at once", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    const script = `import { openWorktree, removeWorktree } from ${JSON.stringify(join(import.meta.dirname, "worktree.ts"))};
      const [, repository, commit, folder] = process.argv;
      for (let i = 0; i < 4; i += 1) {
        const place = { repository, folder: folder + "/" + i + "/repo" };
        await openWorktree({ ...place, commit, fresh: false });
        if (i % 2 === 0) await removeWorktree(place);
      }`;
    const codes = await Promise.all(
      [0, 1, 2].map(async (n) => {
        const args = ["--input-type=module", "--eval", script, repository, commit, folder.join(`p${n}`)];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
        const [code] = (await once(child, "close")) as [number | null];
        return code;
      }),
    );
    expect(codes).toEqual([0, 0, 0]);
    expect(listLinked(repository)).toHaveLength(6);
  });

  it("replaces whatever a crash left in the folder", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository, { "a.txt": "1\n" });
    const place = { repository, folder: folder.join("w/repo") };
    const admin = join(repository, ".git/worktrees/repo");
    const open = async (): Promise<boolean> => await openWorktree({ ...place, commit, fresh: false });
    const spoil: Readonly<Record<string, () => void>> = {
      "a plain folder": () => {
        rmSync(place.folder, { recursive: true });
        writeFiles(place.folder, { junk: "x" });
      },
      "a file": () => {
        rmSync(place.folder, { recursive: true });
        writeFileSync(place.folder, "x");
      },
      "no folder, still registered": () => rmSync(place.folder, { recursive: true }),
      "a folder whose registration is gone": () => rmSync(admin, { recursive: true }),
      "a checkout that git had not finished": () => writeFileSync(join(admin, "locked"), "initializing"),
      "no index yet": () => rmSync(join(admin, "index")),
      "an index that was being written": () => {
        rmSync(join(admin, "index"));
        writeFileSync(join(admin, "index.lock"), "");
      },
      "a .git file that is empty": () => writeFileSync(join(place.folder, ".git"), ""),
      "a .git file of another repository": () => {
        makeRepository(folder.join("foreign"));
        git(folder.join("foreign"), "worktree", "add", "--quiet", "--detach", folder.join("foreign-w"));
        writeFileSync(join(place.folder, ".git"), readFileSync(folder.join("foreign-w/.git")));
      },
    };
    for (const [what, act] of Object.entries(spoil)) {
      await open();
      act();
      const made = await open();
      const status = git(place.folder, "status", "--porcelain");
      const linked = listLinked(repository);
      const madeAgain = await open();
      expect({ what, made, status, linked, madeAgain }).toEqual({
        what,
        made: true,
        status: "",
        linked: [place.folder],
        madeAgain: false,
      });
    }
    expect(existsSync(folder.join("foreign-w"))).toBe(true);
    await removeWorktree(place);
    expect(existsSync(join(repository, ".git/worktrees"))).toBe(false);
  });

  it("keeps a complete one with the locks of a killed git, which can be removed", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const request = { repository, folder: folder.join("w/repo"), commit: makeRepository(repository), fresh: false };
    await openWorktree(request);
    writeFiles(request.folder, { "work.txt": "precious" });
    const locks = ["index.lock", "HEAD.lock"].map((name) => join(repository, ".git/worktrees/repo", name));
    for (const lock of locks) writeFileSync(lock, "");
    expect(await openWorktree(request)).toBe(false);
    expect(readFileSync(folder.join("w/repo/work.txt"), "utf8")).toBe("precious");
    await removeStaleLocks(request.folder);
    expect(locks.filter((lock) => existsSync(lock))).toEqual([]);
    git(request.folder, "add", "work.txt");
  });

  it("removes no lock of a repository itself, nor of what is no worktree", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const lock = folder.join(".git/index.lock");
    writeFileSync(lock, "");
    writeFiles(folder.join("none"), { ".git": `gitdir: ${folder.join(".git")}\n` });
    await removeStaleLocks(folder.path);
    await removeStaleLocks(folder.join("none"));
    await removeStaleLocks(folder.join("missing"));
    expect(existsSync(lock)).toBe(true);
  });

  it("throws nothing away in which somebody has worked, unless it is told to", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    const request = { repository, folder: folder.join("w/repo"), commit, fresh: false, worked: true };
    const admin = join(repository, ".git/worktrees/repo");
    const damage: Readonly<Record<string, () => void>> = {
      "no index": () => rmSync(join(admin, "index")),
      "locked by its user": () => git(repository, "worktree", "lock", request.folder),
      "no registration": () => rmSync(admin, { recursive: true }),
      "no .git file": () => rmSync(join(request.folder, ".git")),
    };
    const seen: unknown[] = [];
    for (const [what, act] of Object.entries(damage)) {
      await openWorktree({ ...request, fresh: true });
      writeFiles(request.folder, { "work.txt": "precious" });
      act();
      const answer = await openWorktree(request).catch((error: unknown) => (error as { code: string }).code);
      seen.push([what, answer, readFileSync(join(request.folder, "work.txt"), "utf8")]);
    }
    expect(seen).toEqual([
      ["no index", false, "precious"],
      ["locked by its user", false, "precious"],
      ["no registration", "WORKTREE_LOST", "precious"],
      ["no .git file", "WORKTREE_LOST", "precious"],
    ]);
    expect(await openWorktree({ ...request, fresh: true })).toBe(true);
    expect(existsSync(join(request.folder, "work.txt"))).toBe(false);
    rmSync(request.folder, { recursive: true });
    expect(await openWorktree(request)).toBe(true);
  });

  it("sweeps a registration that git was killed in the middle of", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    const worktrees = join(repository, ".git/worktrees");
    // What `git worktree add` leaves when it is killed in its first millisecond: nothing that leads to a folder.
    for (const id of ["repo", "repo7", "other", "repo-young"]) {
      mkdirSync(join(worktrees, id), { recursive: true });
      if (id !== "repo7") writeFileSync(join(worktrees, id, "locked"), "initializing");
      if (id !== "repo-young") utimesSync(join(worktrees, id), new Date(0), new Date(0));
    }
    const place = { repository, folder: folder.join("w/repo") };
    await openWorktree({ ...place, commit, fresh: false });
    expect(readdirSync(worktrees).toSorted()).toEqual(["other", "repo", "repo-young"]);
    await removeWorktree(place);
    expect(readdirSync(worktrees).toSorted()).toEqual(["other", "repo-young"]);
  });

  it("outwaits and sweeps one of another run that git cannot read, also to be removed", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    const place = { repository, folder: folder.join("w/repo") };
    const other = { repository, folder: folder.join("other/repo") };
    const worktrees = join(repository, ".git/worktrees");
    const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);
    await openWorktree({ ...other, commit, fresh: false });
    // A kill after git has made a file and before it has filled it.
    writeFileSync(join(worktrees, "repo/commondir"), "");
    writeFileSync(join(worktrees, "repo/locked"), "initializing");
    utimesSync(join(worktrees, "repo"), secondsAgo(0.5), secondsAgo(0.5));
    expect(() => git(repository, "worktree", "add", "--detach", place.folder, commit)).toThrow("failed to read");
    await openWorktree({ ...place, commit, fresh: false });
    expect(listLinked(repository)).toEqual([place.folder]);

    writeFileSync(join(worktrees, "repo/commondir"), "");
    await removeWorktree(place);
    await removeWorktree(other);
    expect(existsSync(place.folder) || existsSync(other.folder) || existsSync(worktrees)).toBe(false);
  });

  it("recovers from a kill at any moment", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(
      repository,
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 20}/f${i}.txt`, `${i}\n`])),
    );
    const place = { repository, folder: folder.join("w/repo") };
    for (const ms of [0, 1, 2, 3, 5, 8, 12, 20, 30]) {
      const child = spawn("git", ["worktree", "add", "--detach", place.folder, commit], {
        cwd: repository,
        stdio: "ignore",
        detached: true,
      });
      const ended = once(child, "close");
      await delay(ms);
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // It was faster than the kill.
      }
      await ended;
      await openWorktree({ ...place, commit, fresh: false });
      expect(git(place.folder, "status", "--porcelain")).toBe("");
      expect(listLinked(repository)).toEqual([place.folder]);
      await removeWorktree(place);
      expect(listLinked(repository)).toEqual([]);
    }
  });

  it("ends a git that outlived its killed starter and still writes into the folder", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository, { ".gitattributes": "* filter=slow\n", "a.txt": "1\n", "b.txt": "2\n" });
    git(repository, "config", "filter.slow.smudge", `test -e '${folder.join("fast")}' || sleep 30; cat`);
    const place = { repository, folder: folder.join("w/repo") };
    const script = `import { openWorktree } from ${JSON.stringify(join(import.meta.dirname, "worktree.ts"))};
      await openWorktree(JSON.parse(process.argv[1]));`;
    const request = JSON.stringify({ ...place, commit, fresh: false });
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", script, request], { stdio: "ignore" });
    const ended = once(starter, "close");
    while (!existsSync(join(repository, ".git/worktrees/repo/index.lock"))) await delay(10);
    starter.kill("SIGKILL");
    await ended;
    writeFileSync(folder.join("fast"), "");
    await openWorktree({ ...place, commit, fresh: false });
    expect(git(place.folder, "status", "--porcelain")).toBe("");
    expect(listLinked(repository)).toEqual([place.folder]);
    // The sleeping filter belonged to the orphan; the test runner fails when any process is left behind.
  });

  it("leaves nothing when it is stopped", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository, { ".gitattributes": "* filter=slow\n", "a.txt": "1\n" });
    git(repository, "config", "filter.slow.smudge", "sleep 30; cat");
    const controller = new AbortController();
    const place = { repository, folder: folder.join("w/repo") };
    const opening = openWorktree({ ...place, commit, fresh: false, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("cancelled")), 200);
    await expect(opening).rejects.toThrow("cancelled");
    expect(existsSync(place.folder)).toBe(false);
    expect(listLinked(repository)).toEqual([]);
  });

  it("forgets none of the user's own worktrees, not even one on a disk that is away", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    git(repository, "worktree", "add", "--quiet", "--detach", folder.join("usb/repo"));
    rmSync(folder.join("usb"), { recursive: true });
    const place = { repository, folder: folder.join("w/repo") };
    await openWorktree({ ...place, commit, fresh: false });
    await removeWorktree(place);
    expect(listLinked(repository)).toEqual([folder.join("usb/repo")]);
  });

  it("starts no hook of the repository", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    const commit = makeRepository(repository);
    mkdirSync(join(repository, ".git/hooks"));
    writeFileSync(join(repository, ".git/hooks/post-checkout"), `#!/bin/sh\ntouch '${folder.join("ran")}'\n`, {
      mode: 0o755,
    });
    await openWorktree({ repository, folder: folder.join("w"), commit, fresh: true });
    expect(existsSync(folder.join("ran"))).toBe(false);
  });

  it("names a repository and a commit that do not exist, and leaves nothing", async () => {
    using folder = makeFolder();
    const repository = folder.join("repo");
    makeRepository(repository);
    const request = { repository, folder: folder.join("w/repo"), fresh: false };
    await expect(openWorktree({ ...request, commit: "0".repeat(40) })).rejects.toMatchObject({ code: "GIT_FAILED" });
    expect(existsSync(request.folder)).toBe(false);
    expect(existsSync(join(repository, ".git/worktrees"))).toBe(false);
    await expect(openWorktree({ ...request, repository: folder.join("none"), commit: "HEAD" })).rejects.toThrow(
      `no worktree of ${folder.join("none")} can be made: the path does not exist`,
    );
  });
});
