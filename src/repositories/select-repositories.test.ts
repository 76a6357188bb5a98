import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { commitFiles, git, makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { makeFleet } from "../../test/support/make-fleet.ts";
import { previewSelection, selectRepositories, type SelectOptions } from "./select-repositories.ts";
import type { Fleet } from "./types.ts";

const manifest = [
  "roles: { library: {}, service: {} }",
  "repos:",
  "  base: { role: library }",
  "  auth-lib: { role: library, tags: [lang/ts, team/identity], needs: [base] }",
  "  gateway: { role: service, path: edge/gateway, tags: [lang/ts, team/edge], needs: [auth-lib] }",
  "  billing: { role: service, tags: [lang/java, frozen], needs: [gateway] }",
  "selectors:",
  "  ts: tag:lang/ts",
  "  tsServices: role:service && @ts && !tag:frozen",
];

async function pick(fleet: Fleet, text: string | undefined, options: SelectOptions = {}): Promise<string[]> {
  return (await selectRepositories(fleet, text, options)).repositories.map(({ name }) => name);
}

describe("selectRepositories", () => {
  it.each([
    [undefined, ["base", "auth-lib", "gateway", "billing"]],
    ["name:*", ["base", "auth-lib", "gateway", "billing"]],
    ["@tsServices", ["gateway"]],
    ["path:edge/**", ["gateway"]],
    ["needs:auth-lib", ["gateway"]],
    ["dependents:auth-lib", ["gateway", "billing"]],
    ["dependents:base && !tag:frozen", ["auth-lib", "gateway"]],
    ["tag:team && !role:service || name:b*", ["base", "auth-lib", "billing"]],
    ["role:library && tag:frozen", []],
  ])("%s needs nothing but the manifest", async (text, expected) => {
    using folder = makeFolder();
    expect(await pick(await makeFleet(folder.path, manifest), text)).toEqual(expected);
  });

  it("asks git, files and history only where the rest leaves it open", async () => {
    using folder = makeFolder();
    const fleet = await makeFleet(folder.path, manifest);
    // Only gateway exists: every other one could not be read.
    makeRepository(folder.join("edge/gateway"), { "package.json": "{}" });
    const asked: string[][] = [];
    const lastResults = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
      asked.push([...names]);
      return new Map([["gateway", "failed"]]);
    };
    const options = { lastResults };
    expect(await pick(fleet, "name:gateway && dirty", options)).toEqual([]);
    writeFiles(folder.join("edge/gateway"), { new: "x" });
    expect(await pick(fleet, "name:gateway && dirty && !ahead && has:package.json", options)).toEqual(["gateway"]);
    expect(await pick(fleet, "name:gateway && has:go.mod", options)).toEqual([]);
    expect(asked).toEqual([]);
    expect(await pick(fleet, "last:failed && dirty && !tag:frozen", options)).toEqual(["gateway"]);
    expect(asked).toEqual([["base", "auth-lib", "gateway"]]);
    expect(await pick(fleet, "last:succeeded", options)).toEqual([]);
  });

  it("knows what has changed since a ref, from the point where the branch left it", async () => {
    using folder = makeFolder();
    const fleet = await makeFleet(folder.path, ["repos: { a: {}, b: {}, c: {} }"]);
    for (const name of ["a", "b", "c"]) {
      makeRepository(folder.join(name));
      git(folder.join(name), "branch", "release");
    }
    commitFiles(folder.join("a"), { x: "1" });
    writeFiles(folder.join("b"), { "README.md": "edited\n" });
    git(folder.join("c"), "switch", "--quiet", "release");
    commitFiles(folder.join("c"), { y: "1" });
    git(folder.join("c"), "switch", "--quiet", "main");
    expect(await pick(fleet, "changed:release")).toEqual(["a", "b"]);
    expect(await pick(fleet, "!changed:release")).toEqual(["c"]);
    await expect(pick(fleet, "changed:nowhere")).rejects.toMatchObject({ code: "SELECTION_UNDECIDED" });
  });

  it("refuses to guess about repositories that cannot be read, and names them", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("a"));
    mkdirSync(folder.join("plain"));
    const fleet = await makeFleet(folder.path, ["repos: { a: {}, gone: {}, plain: {}, spare: { optional: true } }"]);
    await expect(pick(fleet, "dirty")).rejects.toMatchObject({ code: "SELECTION_UNDECIDED", exitCode: 1 });
    await expect(pick(fleet, "dirty")).rejects.toThrow(
      /2 repositories are picked:\n {2}gone: .*does not exist.*\n {2}plain: .*not a git repository/,
    );
    await expect(pick(fleet, "!has:x")).rejects.toThrow("gone: the path does not exist");
    expect(await pick(fleet, "!dirty && !name:gone && !name:plain")).toEqual(["a"]);
    const { repositories, undecided } = await previewSelection(fleet, "!dirty");
    expect(repositories.map(({ name }) => name)).toEqual(["a"]);
    expect(undecided.map(({ repository }) => repository.name)).toEqual(["gone", "plain", "spare"]);
  });

  it("refuses paths outside the roots, unless they are only shown", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("outside"));
    mkdirSync(folder.join("root"));
    symlinkSync("../outside", folder.join("root/link"));
    makeRepository(folder.join("root/fine"));
    const fleet = await makeFleet(folder.join("root"), ["repos: { fine: {}, link: {}, up: { path: ../outside } }"]);
    await expect(pick(fleet, undefined)).rejects.toMatchObject({ code: "REPOSITORY_OUTSIDE_ROOTS" });
    await expect(pick(fleet, "name:link")).rejects.toThrow('repository "link" is outside the allowed folders');
    expect(await pick(fleet, "name:fine")).toEqual(["fine"]);
    const refused: unknown = await pick(fleet, "!name:fine").catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "REPOSITORY_OUTSIDE_ROOTS",
      exitCode: 1,
      diagnostics: [
        { file: "repos.yaml", line: 2, column: 20, length: 4 },
        { file: "repos.yaml", line: 2, column: 42, length: 10 },
      ],
    });
    expect((refused as Error).message).toContain("\n    2 | repos: { fine: {}, link: {},");
    // Nothing is asked about what the run leaves out.
    const within = new Set(["fine"]);
    expect(await pick(fleet, undefined, { within })).toEqual(["fine"]);
    expect(await pick(fleet, "has:README.md || !has:README.md", { within })).toEqual(["fine"]);
    await expect(pick(fleet, "has:README.md || !has:README.md")).rejects.toMatchObject({ code: "SELECTION_UNDECIDED" });
    expect((await previewSelection(fleet)).repositories).toHaveLength(3);
    const { undecided } = await previewSelection(fleet, "has:README.md");
    expect(undecided.map(({ repository, reason }) => [repository.name, reason])).toEqual([
      ["link", "its path is outside the allowed folders"],
      ["up", "its path is outside the allowed folders"],
    ]);
  });

  it("says where a selector is wrong", async () => {
    using folder = makeFolder();
    const fleet = await makeFleet(folder.path, manifest);
    await expect(pick(fleet, "role:servce", { file: "workflows/x.yaml" })).rejects.toThrow(
      'workflows/x.yaml:1:6  unknown role "servce"',
    );
    await expect(pick(fleet, "@tsService")).rejects.toThrow('did you mean "tsServices"?');
    await expect(pick(fleet, "needs:nobody")).rejects.toThrow('unknown repository "nobody"');
    await expect(pick(fleet, "last:failed")).rejects.toThrow("the history of runs is not at hand");
  });
});
