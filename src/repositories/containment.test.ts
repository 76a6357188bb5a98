import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../test/support/git-fixture.ts";
import { assertContained, findEscapes, isInside, resolveAsFarAsPossible } from "./containment.ts";
import type { Fleet, Repository } from "./types.ts";

function makeFleet(root: string, paths: Readonly<Record<string, string>>): Fleet {
  const repositories = Object.entries(paths).map(([name, path], index): Repository => {
    const place = { file: "repos.yaml", line: index + 4 };
    return { name, index, path, tags: [], needs: [], optional: false, env: {}, place };
  });
  const byName = new Map(repositories.map((repository) => [repository.name, repository]));
  return {
    file: "repos.yaml",
    root,
    repositories,
    byName,
    roles: new Map(),
    selectors: new Map(),
    allowedRoots: [root],
  };
}

describe("findEscapes", () => {
  it("names paths and links that leave the roots, and keeps those that do not", async () => {
    using folder = makeFolder();
    const root = folder.join("root");
    mkdirSync(folder.join("root/inside"), { recursive: true });
    mkdirSync(folder.join("outside/repo"), { recursive: true });
    mkdirSync(folder.join("root-2"));
    symlinkSync("../outside/repo", folder.join("root/link"));
    symlinkSync("../outside", folder.join("root/parent"));
    symlinkSync("../outside/gone", folder.join("root/dangling"));
    symlinkSync("inside", folder.join("root/fine"));
    symlinkSync("second", folder.join("root/first"));
    symlinkSync("../outside/repo", folder.join("root/second"));
    symlinkSync(root, folder.join("root-link"));
    const fleet = makeFleet(root, {
      inside: folder.join("root/inside"),
      missing: folder.join("root/missing/deep"),
      fine: folder.join("root/fine"),
      throughLinkedRoot: folder.join("root-link/inside"),
      traversal: folder.join("outside/repo"),
      sibling: folder.join("root-2"),
      link: folder.join("root/link"),
      parent: folder.join("root/parent/repo"),
      parentMissing: folder.join("root/parent/none/x"),
      dangling: folder.join("root/dangling"),
      twice: folder.join("root/first"),
    });
    const escapes = await findEscapes(fleet, fleet.repositories);
    expect(escapes.map(({ repository, bySymlink }) => [repository.name, bySymlink])).toEqual([
      ["traversal", false],
      ["sibling", false],
      ["link", true],
      ["parent", true],
      ["parentMissing", true],
      ["dangling", true],
      ["twice", true],
    ]);
    expect(escapes.find(({ repository }) => repository.name === "dangling")?.realPath).toBe(
      folder.join("outside/gone"),
    );
    const refused = assertContained(fleet, fleet.repositories);
    await expect(refused).rejects.toMatchObject({ code: "REPOSITORY_OUTSIDE_ROOTS" });
    await expect(refused).rejects.toThrow(
      `repository "link" is outside the allowed folders: a symbolic link in ${root}/link leads to ${folder.join("outside/repo")}, not under ${root}`,
    );
    await assertContained(fleet, fleet.repositories.slice(0, 4));
  });

  it("takes a root that is a link itself, and the root as a repository", async () => {
    using folder = makeFolder();
    mkdirSync(folder.join("real/repo"), { recursive: true });
    symlinkSync("real", folder.join("root"));
    const fleet = makeFleet(folder.join("root"), {
      a: folder.join("root/repo"),
      self: folder.join("root"),
      b: folder.join("real/repo"),
    });
    expect(await findEscapes(fleet, fleet.repositories)).toEqual([]);
  });
});

describe("resolveAsFarAsPossible", () => {
  it("ends on circles of links", async () => {
    using folder = makeFolder();
    symlinkSync("b", folder.join("a"));
    symlinkSync("a", folder.join("b"));
    expect(await resolveAsFarAsPossible(folder.join("a/x"))).toContain(folder.path);
  });

  it("counts .. of a link from where the link really is", async () => {
    using folder = makeFolder();
    mkdirSync(folder.join("deep/er"), { recursive: true });
    symlinkSync("deep/er", folder.join("short"));
    symlinkSync("../gone", folder.join("deep/er/link"));
    expect(await resolveAsFarAsPossible(folder.join("short/link"))).toBe(folder.join("deep/gone"));
  });
});

describe("isInside", () => {
  it("compares whole parts of paths", () => {
    expect(isInside("/a/bc", ["/a/b"])).toBe(false);
    expect(isInside("/a/b", ["/a/b"])).toBe(true);
    expect(isInside("/a/b/c", ["/x", "/a/b"])).toBe(true);
    expect(isInside("/anything", ["/"])).toBe(true);
  });
});
