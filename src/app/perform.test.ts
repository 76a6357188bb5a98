import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { permissions } from "../access/permissions.ts";
import { localSubject, type Subject } from "../access/subject.ts";
import { loadConfig } from "../config/load-config.ts";
import type { StoredAuditEntry } from "../store/audit-contract.ts";
import type { AppContext } from "./app-context.ts";
import { openApp } from "./open-app.ts";
import { perform } from "./perform.ts";
import { defineUseCase, definePreparedUseCase, UseCase } from "./use-case.ts";
import { checkFleetRepositories, listRepositories, scanRepositories } from "./use-cases/repos.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "door-"));
  const bindings = [
    "{ subject: 'user:vera', role: viewer }",
    "{ subject: 'user:rolf', role: runner, where: 'tag:team/edge' }",
    "{ subject: 'group:ops', role: operator }",
    "{ subject: 'user:mona', role: runner, where: '@mine' }",
  ];
  const config = ["version: 1", "auth: { enabled: false }", `access: { bindings: [${bindings.join(", ")}] }`, ""];
  const repos = "{ gateway: { tags: [team/edge] }, ledger: { tags: [team/money] } }";
  await writeFile(join(workspace, "mahavishnu.yaml"), config.join("\n"));
  await writeFile(join(workspace, "repos.yaml"), `version: 1\nrepos: ${repos}\nselectors: { mine: 'name:led*' }\n`);
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function open(subject?: Subject): Promise<AppContext> {
  const loaded = await loadConfig({ workspace, env: {}, set: [] });
  return openApp({ loaded, env: {}, ...(subject === undefined ? {} : { subject }) });
}

const user = (name: string, ...groups: string[]): Subject => ({ name, groups });
const touched: string[] = [];
beforeEach(() => {
  touched.length = 0;
});

/** A use-case that says what it did. */
const touch = defineUseCase<{ readonly repositories?: readonly string[] | "any" }, string>({
  name: "touch",
  permission: "runs:start",
  writes: true,
  resource: ({ repositories }) => ({ name: "workflow:touch", ...(repositories === undefined ? {} : { repositories }) }),
  run: async () => {
    touched.push("done");
    return await Promise.resolve("done");
  },
});

const look = defineUseCase<object, string>({
  name: "look",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "runs", repositories: "any" }),
  run: async () => await Promise.resolve("seen"),
});

async function trailOf(app: AppContext): Promise<readonly StoredAuditEntry[]> {
  return await (await app.store()).listAudit({ limit: 100 });
}

describe("the door", () => {
  it("lets the owner of the workspace act, and writes it down before", async () => {
    await using app = await open();
    expect(await perform(app, touch, {})).toBe("done");
    const owner = localSubject().name;
    expect(await trailOf(app)).toMatchObject([
      {
        actor: owner,
        action: "runs:start",
        resource: "workflow:touch",
        decision: "allowed",
        reason: `${owner} owns the workspace (role admin)`,
        requestId: app.requestId,
      },
    ]);
  });

  it("does not write reads down, and needs no state for them", async () => {
    await using app = await open(user("user:vera"));
    expect(await perform(app, look, {})).toBe("seen");
    expect(await readdir(workspace)).not.toContain(".mahavishnu");
    expect(await trailOf(app)).toEqual([]);
  });

  it("refuses who has no permission, says why and what to do, and writes that down", async () => {
    await using app = await open(user("user:vera"));
    await expect(perform(app, touch, {})).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      exitCode: 1,
      message: "user:vera may not runs:start on touch: user:vera has only viewer",
      fix: "Ask an admin for a role with runs:start, bound to user:vera under access.bindings.",
    });
    expect(touched).toEqual([]);
    expect(await trailOf(app)).toMatchObject([
      { actor: "user:vera", decision: "denied", reason: "user:vera has only viewer" },
    ]);
  });

  it("keeps a scope to its repositories, named selectors included", async () => {
    await using rolf = await open(user("user:rolf"));
    expect(await perform(rolf, touch, { repositories: ["gateway"] })).toBe("done");
    for (const repositories of [["ledger"], ["gateway", "ledger"], ["gone"], [], undefined]) {
      await expect(perform(rolf, touch, { repositories: repositories ?? [] })).rejects.toMatchObject({
        code: "ACCESS_DENIED",
      });
    }
    expect(touched).toEqual(["done"]);
    await using mona = await open(user("user:mona"));
    expect(await perform(mona, touch, { repositories: ["ledger"] })).toBe("done");
  });

  it("gives a group's rights to its members", async () => {
    await using app = await open(user("user:olga", "group:ops"));
    expect(await perform(app, touch, {})).toBe("done");
    expect(await trailOf(app)).toMatchObject([{ reason: "group:ops is operator" }]);
  });

  it("looks nothing up for who may do this nowhere", async () => {
    let lookedUp = false;
    const peek = definePreparedUseCase<object, void, object>({
      name: "peek",
      permission: "runs:start",
      writes: true,
      prepare: (_context, input) => {
        lookedUp = true;
        return input;
      },
      resource: () => ({ name: "secret" }),
      run: async () => await Promise.resolve(),
    });
    await using app = await open(user("user:vera"));
    await expect(perform(app, peek, {})).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    expect(lookedUp).toBe(false);
  });

  it("refuses when it cannot decide: a manifest that is not valid decides no scope", async () => {
    await writeFile(join(workspace, "repos.yaml"), "version: 1\nrepos: [\n");
    await using app = await open(user("user:rolf"));
    await expect(perform(app, touch, { repositories: ["gateway"] })).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("could not be decided") as string,
    });
  });

  it("does nothing that it cannot write down, and refuses all the same", async () => {
    await writeFile(join(workspace, ".mahavishnu"), "");
    await using owner = await open();
    await expect(perform(owner, touch, {})).rejects.toMatchObject({ code: expect.stringMatching(/^STATE_/) as string });
    await using vera = await open(user("user:vera"));
    await expect(perform(vera, touch, {})).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("(not in the audit trail: ") as string,
    });
    expect(touched).toEqual([]);
  });
});

describe("every use-case of this room", async () => {
  const folder = join(import.meta.dirname, "use-cases");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const modules = await Promise.all(
    files.map(async (name) => [name, (await import(join(folder, name))) as Readonly<Record<string, unknown>>] as const),
  );
  const exported = modules.flatMap(([file, module]) =>
    Object.entries(module).map(([name, value]) => ({ file, name, value })),
  );
  const useCases = exported.flatMap(({ value }) =>
    value instanceof UseCase ? [value as UseCase<never, unknown>] : [],
  );

  it("is all that its files export", () => {
    expect(files.length).toBeGreaterThan(4);
    expect(
      exported.filter(({ value }) => !(value instanceof UseCase)).map(({ file, name }) => `${file}: ${name}`),
    ).toEqual([]);
    expect(exported.map(({ name, value }) => (value instanceof UseCase ? value.name : name))).toEqual(
      exported.map(({ name }) => name),
    );
  });

  it("has a name of its own and a permission of the table, and writes unless it only reads", () => {
    expect(new Set(useCases.map(({ name }) => name)).size).toBe(useCases.length);
    expect(useCases.filter(({ permission }) => !permissions.includes(permission))).toEqual([]);
    const odd = useCases.filter(({ permission, writes }) => writes === permission.endsWith(":read"));
    // Their trail lies in the very database that they bring forward or back: they write into it afterwards.
    expect(odd.map(({ name }) => name).toSorted()).toEqual(["restoreState", "upgradeState"]);
  });

  it("is refused to who has no role, before it does anything", async () => {
    await using app = await open(user("user:nobody"));
    for (const useCase of useCases) {
      // What it would be asked does not matter: it is refused before anybody looks.
      await expect(perform(app, useCase, {} as never)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    }
    expect((await trailOf(app)).map(({ decision }) => decision)).toEqual(useCases.map(() => "denied"));
    expect((await readdir(join(workspace, ".mahavishnu"))).filter((name) => !name.startsWith("state.db"))).toEqual([]);
  });

  it("is begun by the door and by nobody else", async () => {
    const source = join(import.meta.dirname, "..");
    const names = await readdir(source, { recursive: true });
    const begin: string[] = [];
    for (const name of names.filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))) {
      if ((await readFile(join(source, name), "utf8")).includes("UseCase.begin(")) begin.push(basename(name));
    }
    expect(begin).toEqual(["perform.ts"]);
  });
});

describe("what a subject may see of the fleet", () => {
  it("is its scope, and how many there are besides", async () => {
    await using rolf = await open(user("user:rolf"));
    const { items, hidden } = await perform(rolf, listRepositories, {});
    expect(items.map(({ name }) => name)).toEqual(["gateway"]);
    expect(hidden).toBe(1);
    const check = await perform(rolf, checkFleetRepositories, {});
    expect(check.items.map(({ name }) => name)).toEqual(["gateway"]);
    expect(check.counts.total).toBe(1);
    expect(check.hidden).toBe(1);
    await expect(perform(rolf, scanRepositories, { folder: workspace })).rejects.toMatchObject({
      code: "ACCESS_DENIED",
    });
  });

  it("is everything for the owner", async () => {
    await using app = await open();
    const { items, hidden } = await perform(app, listRepositories, {});
    expect(items.map(({ name }) => name)).toEqual(["gateway", "ledger"]);
    expect(hidden).toBe(0);
  });
});
