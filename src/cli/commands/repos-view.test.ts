import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { git, makeFolder, makeRepository, writeFiles } from "../../../test/support/git-fixture.ts";
import { makeFleet } from "../../../test/support/make-fleet.ts";
import type { AppContext } from "../../app/app-context.ts";
import { openApp } from "../../app/open-app.ts";
import { perform } from "../../app/perform.ts";
import { checkFleetRepositories, listRepositories, scanRepositories } from "../../app/use-cases/repos.ts";
import { loadConfig } from "../../config/load-config.ts";
import { checkRepositories } from "../../repositories/check-repositories.ts";
import { loadManifest } from "../../repositories/load-manifest.ts";
import type { Look } from "../terminal/look.ts";
import { viewReposCheck, viewReposGraph, viewReposList, viewReposScan } from "./repos-view.ts";

const look: Look = { width: 100, colour: false, unicode: true };

const manifest = [
  "roles: { library: {}, service: {} }",
  "repos:",
  "  auth-lib: { role: library, tags: [lang/ts, team/identity] }",
  "  gateway: { role: service, path: edge/gateway, tags: [lang/ts], needs: [auth-lib], url: 'https://ann:hunter2@git.example.test/g' }",
  "  ledger: { needs: [auth-lib], optional: true }",
];

async function open(workspace: string, lines: readonly string[]): Promise<AppContext> {
  writeFiles(workspace, {
    "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n",
    "repos.yaml": ["version: 1", ...lines].join("\n"),
  });
  const env = { PATH: process.env["PATH"] };
  return openApp({ loaded: await loadConfig({ workspace, env, set: [] }), env });
}

describe("views of repos", () => {
  it("lists what was picked and names what could not be told", async () => {
    using folder = makeFolder();
    await using app = await open(folder.path, manifest);
    const all = viewReposList(await perform(app, listRepositories, {}), look);
    expect(all.text).toEqual([
      "name      role     tags                   needs     path",
      "auth-lib  library  lang/ts team/identity            auth-lib",
      "gateway   service  lang/ts                auth-lib  edge/gateway",
      "ledger                                    auth-lib  ledger  optional",
      "",
      "3 repositories",
    ]);
    expect(all.json).toMatchObject({
      nextCursor: null,
      items: [{ name: "auth-lib", branch: null }, { url: "https://***@git.example.test/g" }, {}],
    });
    const some = viewReposList(await perform(app, listRepositories, { filter: "dirty && needs:auth-lib" }), look);
    expect(some.text).toEqual([
      "  cannot tell  gateway: the path does not exist",
      "  cannot tell  ledger: the path does not exist",
      "0 of 3 repositories",
    ]);
    expect(some.json).toMatchObject({ items: [], undecided: [{ name: "gateway" }, { name: "ledger" }] });
  });

  it("shows facts and faults of every repository", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("auth-lib"));
    makeRepository(folder.join("edge/gateway"));
    git(folder.join("edge/gateway"), "switch", "--quiet", "--detach");
    writeFiles(folder.join("edge/gateway"), { new: "x" });
    await using app = await open(folder.path, [...manifest, "  lost: { url: 'git@git.example.test:lost.git' }"]);
    const view = viewReposCheck(await perform(app, checkFleetRepositories, {}), look);
    const head = git(folder.join("edge/gateway"), "rev-parse", "--short=10", "HEAD");
    expect(view.text.map((line) => line.replaceAll(folder.path, "/fleet"))).toEqual([
      "name      branch      changes  state",
      "auth-lib  main              0  ok",
      `gateway   ${head}        1  secret in URL, detached, dirty`,
      "ledger                         missing",
      "lost                           missing",
      "",
      "  ! secret in URL  gateway: its url holds a password or token in plain text: https://***@git.example.test/g",
      "      Take it out of the manifest, revoke it, and let a git credential helper give it.",
      `  ! detached  gateway: HEAD is detached at ${head}`,
      "      git -C /fleet/edge/gateway switch BRANCH",
      "  ! missing  ledger: /fleet/ledger: the path does not exist",
      "      Clone it into /fleet/ledger, or correct its path.",
      "  x missing  lost: /fleet/lost: the path does not exist",
      "      git clone git@git.example.test:lost.git /fleet/lost",
      "",
      "4 repositories: 1 ok, 2 with warnings, 1 with errors  (secret in URL 1, detached 1, dirty 1, missing 2)",
    ]);
    expect(view.isSound).toBe(false);
    expect(JSON.stringify(view.json)).not.toContain("hunter2");
    expect(view.items).toHaveLength(4);
  });

  it("draws the graph in each form", async () => {
    using folder = makeFolder();
    await using app = await open(folder.path, manifest);
    const { text, json } = viewReposGraph(await perform(app, listRepositories, {}), "text");
    expect(text).toEqual(["gateway", "`- auth-lib", "ledger", "`- auth-lib"]);
    expect(json).toMatchObject({
      needs: [
        { from: "gateway", to: "auth-lib" },
        { from: "ledger", to: "auth-lib" },
      ],
    });
    expect(viewReposGraph({ items: [], hidden: 0 }, "dot").text).toEqual(["no repositories"]);
  });

  it("prints entries that a manifest takes as they are", async () => {
    using folder = makeFolder();
    for (const name of ["plain", "edge/with space", "true", "edge/123"]) makeRepository(folder.join("root", name));
    git(folder.join("root/plain"), "remote", "add", "origin", "git@git.example.test:plain.git");
    mkdirSync(folder.join("root/bare"));
    git(folder.join("root/bare"), "init", "--quiet", "--bare");
    await using app = await open(folder.join("root"), ["repos: { gone: { path: some/gone }, edge: {} }"]);
    const { text } = viewReposScan(await perform(app, scanRepositories, { folder: folder.join("root") }), look);
    expect(text.map((line) => line.replaceAll(folder.path, ""))).toEqual([
      "new, to paste below repos: of repos.yaml",
      "",
      '  "123": { path: edge/123 }',
      '  with-space: { path: "edge/with space" }',
      "  plain: { url: git@git.example.test:plain.git }",
      '  "true": {}',
      "",
      "missing, in repos.yaml and not on disk",
      "  gone  repos.yaml:2  some/gone",
      "",
      "unusable, in repos.yaml and no working tree on disk",
      "  edge  repos.yaml:2  edge  the folder is not a git repository: it has no .git",
      "",
      "left out",
      "  bare  a bare repository, without a working tree",
      "",
      "/root: 4 new, 1 missing, 1 unusable, 0 known",
    ]);
    writeFileSync(folder.join("root/again.yaml"), ["version: 1", "repos:", ...text.slice(2, 6)].join("\n"));
    const again = await loadManifest({ file: folder.join("root/again.yaml") });
    expect((await checkRepositories(again)).counts).toMatchObject({ total: 4, ok: 4 });
  });

  it("says how to allow repositories that lie elsewhere", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("src/auth-lib"));
    makeRepository(folder.join("src/edge/gateway"));
    mkdirSync(folder.join("workspace"));
    await using empty = await open(folder.join("workspace"), ["repos:"]);
    const first = viewReposScan(await perform(empty, scanRepositories, { folder: folder.join("src") }), look).text;
    expect(first.slice(2, -2).map((line) => line.replaceAll(folder.path, ""))).toEqual([
      "  auth-lib: {}",
      "  gateway: { path: edge/gateway }",
      "",
      "and above repos:, because they lie outside /workspace",
      "",
      "root: /src",
    ]);
    const pasted = await makeFleet(folder.join("workspace"), [first[7] ?? "", "repos:", ...first.slice(2, 4)]);
    expect((await checkRepositories(pasted)).counts).toMatchObject({ total: 2, ok: 2 });

    await using begun = await open(folder.join("workspace"), ["repos: { own: {} }"]);
    const more = viewReposScan(await perform(begun, scanRepositories, { folder: folder.join("src") }), look).text;
    expect(more.at(-3)).toContain(`paths: { allowedRoots: [${folder.join("src")}] }`);
  });
});
