import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { git } from "../../../../test/support/git-fixture.ts";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { Outcome } from "../../types.ts";
import { lookInside } from "./look-inside.ts";
import { tryRepository } from "./try-repository.ts";

let stage: Stage;
beforeAll(async () => {
  const names = ["plain", "packed", "linked", "locked", "stuck", "hollow", "swept", "empty", "tables", "branched"];
  const repos = names.map((name) => `  ${name}: {${name === "branched" ? " branch: gone " : ""}}`).join("\n");
  stage = await openStage("auth: { enabled: false }\n", { "repos.yaml": `version: 1\nrepos:\n${repos}\n` });
  for (const name of names) {
    const folder = join(stage.workspace, name);
    await mkdir(folder);
    const form = name === "tables" && hasTables() ? ["--ref-format=reftable"] : [];
    git(folder, "init", "--quiet", "--initial-branch=main", ...form);
    if (name === "empty") continue;
    await writeFile(join(folder, "README.md"), `# ${name}\n`);
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "--message=first");
    git(folder, "config", "core.logAllRefUpdates", "always");
  }
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function hasTables(): boolean {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(git(".", "--version")) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 45);
}

const place = (name: string): string => join(stage.workspace, name);
const target = (name: string) => ({ kind: "repository", name }) as const;
const probe = async (name: string): Promise<Outcome> => await tryRepository(stage.context(), target(name));

/** Every file and folder with a digest of what is in it. */
async function snapshot(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) return `${path}/`;
    if (entry.isSymbolicLink()) return `${path} -> ${await readlink(path)}`;
    return `${path} ${createHash("sha256")
      .update(await readFile(path))
      .digest("hex")}`;
  });
  return (await Promise.all(lines)).toSorted();
}

describe("RPO002", () => {
  it.each(["plain", "packed", "linked", "tables"])(
    "makes and removes its own in a %s repository, to the byte",
    async (name) => {
      if (name === "packed") git(place(name), "pack-refs", "--all");
      if (name === "linked") git(place(name), "worktree", "add", "--quiet", join(place(name), ".trees/own"));
      const before = await snapshot(place(name));
      const outcome = await probe(name);
      expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
      expect(await snapshot(place(name))).toEqual(before);
    },
  );

  it("removes what a killed check has left, and nothing of others", async () => {
    const folder = place("swept");
    const before = await snapshot(folder);
    // The highest pid that Linux can give is 2^22, so nobody has this one.
    const left = "mahavishnu-readiness-4194305-0123abcd";
    git(folder, "-c", "core.logAllRefUpdates=false", "update-ref", `refs/${left}`, "HEAD");
    git(folder, "worktree", "add", "--quiet", "--detach", "--no-checkout", join(stage.workspace, left));
    expect(await snapshot(folder)).not.toEqual(before);
    const outcome = await probe("swept");
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
    expect(await snapshot(folder)).toEqual(before);
    expect(await readdir(stage.workspace)).not.toContain(left);
  });

  it("is red with git's own words when a worktree cannot be made", async () => {
    await writeFile(join(place("locked"), ".git/worktrees"), "");
    const before = await snapshot(place("locked"));
    const outcome = await probe("locked");
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toMatch(/^git cannot make a worktree: .*worktrees/);
    expect(await snapshot(place("locked"))).toEqual(before);
  });

  it("is red when a ref cannot be deleted for a lock, and deletes its own all the same", async () => {
    await writeFile(join(place("stuck"), ".git/packed-refs.lock"), "");
    const before = await snapshot(place("stuck"));
    const outcome = await probe("stuck");
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toContain("delete a ref");
    expect(await snapshot(place("stuck"))).toEqual(before);
  });

  it("does not apply to a repository without a commit", async () => {
    expect(await probe("empty")).toMatchObject({ status: "notApplicable" });
  });
});

describe("RPO003", () => {
  it("is green when git reads what HEAD leads to", async () => {
    const outcome = await lookInside(stage.context(), target("plain"));
    expect(outcome).toMatchObject({ status: "pass", reason: "git reads HEAD and its 1 entry" });
  });

  it("is red when HEAD leads to a commit that is not there", async () => {
    await rm(join(place("hollow"), ".git/objects"), { recursive: true });
    const outcome = await lookInside(stage.context(), target("hollow"));
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
  });

  it("is red when git knows no branch of the manifest's name", async () => {
    expect(await lookInside(stage.context(), target("branched"))).toMatchObject({ status: "fail", expected: "gone" });
  });
});
