import { mkdirSync, symlinkSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { git, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { makeFleet } from "../../test/support/make-fleet.ts";
import { scanFolder } from "./scan.ts";

describe("scanFolder", () => {
  it("proposes what is new, names what is missing, and says what it left out", async () => {
    using folder = makeFolder();
    const root = folder.join("root");
    for (const path of [
      "known",
      "new one",
      "team/api",
      "other/api",
      "new one/vendor/inner",
      "x/node_modules/dep",
      ".hidden/repo",
    ]) {
      makeRepository(`${root}/${path}`);
    }
    makeRepository(folder.join("elsewhere/far"));
    symlinkSync(folder.join("elsewhere"), `${root}/link`);
    mkdirSync(`${root}/mirror.git`);
    git(`${root}/mirror.git`, "init", "--quiet", "--bare");
    git(root, "init", "--quiet", "--bare", "spare.git");
    writeFiles(root, { file: "no folder" });
    git(`${root}/known`, "worktree", "add", "--quiet", "--detach", `${root}/known-wt`);
    git(`${root}/team/api`, "remote", "add", "origin", "https://ann:hunter2@git.example.test/api.git");
    git(`${root}/other/api`, "remote", "add", "origin", "ext::sh -c id");
    git(`${root}/new one`, "remote", "add", "backup", "git@git.example.test:backup.git");
    git(`${root}/new one`, "remote", "add", "origin", "git@git.example.test:new.git");
    const fleet = await makeFleet(root, [
      "repos: { known: {}, gone: {}, plain: { path: team }, far: { path: ../elsewhere/far }, file: {}, mirror: { path: mirror.git } }",
    ]);
    const result = await scanFolder(fleet, root);
    expect(result.added).toEqual([
      { name: "new-one", path: "new one", url: "git@git.example.test:new.git" },
      { name: "api", path: "other/api", url: null },
      { name: "team-api", path: "team/api", url: "https://git.example.test/api.git" },
    ]);
    expect(result.known.map(({ name }) => name)).toEqual(["known"]);
    expect(result.missing.map(({ name }) => name)).toEqual(["gone"]);
    expect(result.unusable.map(({ repository, reason }) => [repository.name, reason])).toEqual([
      ["plain", "the folder is not a git repository: it has no .git"],
      ["file", "the path is a file, not a folder"],
      ["mirror", "it is a bare repository, without a working tree"],
    ]);
    expect(result.skipped.map(({ path, reason }) => [relative(root, path), reason])).toEqual([
      ["known-wt", `a worktree of ${root}/known`],
      ["spare.git", "a bare repository, without a working tree"],
    ]);
    expect(result.unreadable).toEqual([]);
  });

  it("makes valid names of any folder", async () => {
    using folder = makeFolder();
    for (const name of ["-x", "ünïcode", "a..b", "UPPER", "upper.lock", "+++"])
      makeRepository(folder.join("root", name));
    const { added } = await scanFolder(await makeFleet(folder.join("root"), ["repos: {}"]), folder.join("root"));
    const names = added.map(({ name }) => name);
    expect(names).toHaveLength(6);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(6);
    // A manifest of all the proposed names loads.
    const fleet = await makeFleet(folder.join("again"), ["repos:", ...names.map((name) => `  ${name}: {}`)]);
    expect(fleet.repositories).toHaveLength(6);
  });
});
