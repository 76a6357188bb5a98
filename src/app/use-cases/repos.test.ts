import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeRepository } from "../../../test/support/git-fixture.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { checkFleetRepositories, listRepositories, scanRepositories } from "./repos.ts";

/** The workspace, and beside it what is no business of the fleet. */
let folder: string;
let workspace: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repos-"));
  workspace = join(folder, "workspace");
  await mkdir(workspace);
  const bindings = [
    "{ subject: 'user:vera', role: viewer }",
    "{ subject: 'user:rolf', role: runner, where: 'tag:team/edge' }",
  ];
  await writeFile(
    join(workspace, "mahavishnu.yaml"),
    `version: 1\nauth: { enabled: false }\naccess: { bindings: [${bindings.join(", ")}] }\n`,
  );
  const repos = [
    "  ledger: { tags: [team/money], path: shared, url: 'https://git.example.test/secret-ledger' }",
    "  gateway: { tags: [team/edge], needs: [ledger, edge-lib] }",
    "  edge-lib: { tags: [team/edge], path: shared }",
  ];
  const selectors = "selectors: { money: 'needs:ledger', all: 'name:*' }";
  await writeFile(join(workspace, "repos.yaml"), ["version: 1", "repos:", ...repos, selectors, ""].join("\n"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function open(name?: string): Promise<AppContext> {
  const env = { PATH: process.env["PATH"] };
  const loaded = await loadConfig({ workspace, env, set: [] });
  return openApp({ loaded, env, ...(name === undefined ? {} : { subject: { name, groups: [] } }) });
}

describe("what somebody with a scope is told", () => {
  it("is plain JSON, and whole for the owner", async () => {
    await using app = await open();
    const list = await perform(app, listRepositories, {});
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
    expect(list.items[1]).toMatchObject({ name: "gateway", needs: ["ledger", "edge-lib"] });
    expect(list).toMatchObject({ total: 3, hidden: 0, file: "repos.yaml", root: workspace, nextCursor: null });
  });

  it.each([
    {},
    { filter: "@all" },
    { filter: "name:led*" },
    { filter: "needs:ledger" },
    { filter: "dependents:gateway" },
    { filter: "@money" },
    { filter: "name:ledgr" },
    { filter: "!has:nothing" },
    { filter: "dirty || name:ledger" },
  ])("names no other repository, and counts do not answer for it: %j", async (input) => {
    await using app = await open("user:rolf");
    for (const document of [
      await perform(app, listRepositories, input),
      await perform(app, checkFleetRepositories, input),
    ]) {
      expect(document).toMatchObject({ hidden: 1, total: 3 });
      expect(JSON.stringify({ ...document, unmatched: [] })).not.toContain("ledger");
      expect(document.unmatched.filter((sentence) => sentence.includes("did you mean"))).toEqual([]);
    }
  });

  it("is the same for a hidden repository and for none", async () => {
    await using app = await open("user:rolf");
    const ask = async (name: string): Promise<string> =>
      JSON.stringify(await perform(app, listRepositories, { filter: `needs:${name} || dependents:${name}` }));
    expect(await ask("ledger")).toBe(await ask("nobody"));
  });

  it("says that there is a conflict, and not with what", async () => {
    makeRepository(join(workspace, "shared"));
    await using owner = await open();
    const whole = await perform(owner, checkFleetRepositories, { filter: "name:edge-lib" });
    expect(whole.items[0]?.findings).toMatchObject([{ code: "duplicate", other: "ledger" }]);
    await using rolf = await open("user:rolf");
    const part = await perform(rolf, checkFleetRepositories, { filter: "name:edge-lib" });
    expect(part.items[0]).toMatchObject({ state: "error", findings: [{ code: "duplicate", severity: "error" }] });
    expect(JSON.stringify(part)).not.toContain("ledger");
  });
});

describe("a scan", () => {
  it("of a folder of the fleet is for everybody who may see all of it, by a path from the root too", async () => {
    makeRepository(join(workspace, "new/one"));
    await using app = await open("user:vera");
    for (const path of [workspace, ".", "new", "new/../new", join(workspace, "new")]) {
      const scan = await perform(app, scanRepositories, { folder: path });
      expect(scan.added).toEqual([{ name: "one", path: "new/one", url: null }]);
    }
  });

  it("of any other folder is for the owner alone, and tells others nothing", async () => {
    makeRepository(join(folder, "private/secret"));
    await mkdir(join(folder, "workspace-2"));
    await symlink(join(folder, "private"), join(workspace, "link"));
    await symlink(join(folder, "gone"), join(workspace, "dangling"));
    await symlink("..", join(workspace, "up"));
    const outside = [
      "/",
      "/etc",
      "..",
      "../private",
      "a/../../private",
      `${workspace}/../private`,
      join(folder, "private"),
      join(folder, "not-there"),
      join(folder, "workspace-2"),
      "link",
      "link/secret",
      "dangling",
      "up",
      "up/private",
    ];
    await using app = await open("user:vera");
    for (const path of outside) {
      const asking = perform(app, scanRepositories, { folder: path });
      await expect(asking, path).rejects.toMatchObject({
        code: "ACCESS_DENIED",
        message: `user:vera may scan only folders of the fleet, and not ${path}`,
      });
    }
    await using owner = await open();
    const scan = await perform(owner, scanRepositories, { folder: join(workspace, "link") });
    expect(scan).toMatchObject({ outside: true, added: [{ name: "secret" }] });
  });

  it("may follow what the configuration allows besides", async () => {
    makeRepository(join(folder, "private/secret"));
    const file = join(workspace, "mahavishnu.local.yaml");
    await writeFile(file, `version: 1\npaths: { allowedRoots: ['${join(folder, "private")}'] }\n`);
    await using app = await open("user:vera");
    const scan = await perform(app, scanRepositories, { folder: "../private" });
    expect(scan).toMatchObject({ outside: false, added: [{ name: "secret" }] });
    await expect(perform(app, scanRepositories, { folder: ".." })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  });

  it("ends when whoever asked has gone", async () => {
    await using app = await open();
    const gone = app.actFor({
      subject: app.subject,
      from: "test",
      requestId: "r",
      signal: AbortSignal.abort(new Error("gone")),
    });
    await expect(perform(gone, scanRepositories, { folder: "." })).rejects.toThrow("gone");
    await expect(perform(gone, checkFleetRepositories, {})).rejects.toThrow("gone");
  });
});
