import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import { refusalOf } from "../../access/authenticator-fixture.ts";
import { localSubject, type Subject } from "../../access/subject.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import { openApp } from "../open-app.ts";
import { openAuthenticator } from "../open-identity.ts";
import { perform } from "../perform.ts";
import * as accessShapes from "../shapes/access.ts";
import * as tokenShapes from "../shapes/tokens.ts";
import type { UseCase } from "../use-case.ts";
import { explainAccess, showAccess, whoAmI } from "./access.ts";
import { listRepositories } from "./repos.ts";
import { createToken, listTokens, revokeToken, rotateKeys } from "./tokens.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "identity-"));
  const config = [
    "version: 1",
    "auth: { secret: '${env:AUTH}' }",
    "access:",
    "  roles:",
    "    issuer: { description: makes tokens, permissions: [access:write], extends: [viewer] }",
    "    deployer: { permissions: [runs:start], extends: [viewer] }",
    "  bindings:",
    "    - { subject: 'user:vera', role: viewer }",
    "    - { subject: 'user:ida', role: issuer }",
    "    - { subject: 'user:dana', role: deployer, where: 'tag:team/edge' }",
    "    - { subject: 'group:ops', role: operator }",
    "    - { subject: 'service:ci', role: runner, where: '@mine' }",
    "",
  ];
  const repos = "{ gateway: { tags: [team/edge] }, ledger: { tags: [team/money] } }";
  await writeFile(join(workspace, "mahavishnu.yaml"), config.join("\n"));
  await writeFile(join(workspace, "repos.yaml"), `version: 1\nrepos: ${repos}\nselectors: { mine: 'name:led*' }\n`);
  await mkdir(join(workspace, "workflows"));
  const flow =
    "version: 1\nname: ship\ninputs: { to: { type: string } }\njobs: { go: { sweep: { select: 'tag:team/edge' }, checkout: inPlace, steps: [{ run: 'true' }] } }\n";
  await writeFile(join(workspace, "workflows/ship.yaml"), flow);
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

const secret = "a secret that is long enough to count here";

async function open(subject?: Subject, env: Readonly<Record<string, string>> = { AUTH: secret }): Promise<AppContext> {
  const loaded = await loadConfig({ workspace, env, set: [] });
  return openApp({ loaded, env, ...(subject === undefined ? {} : { subject }) });
}

const user = (name: string, ...groups: string[]): Subject => ({ name, groups });

/** What a bearer may do, as the server would ask. */
async function actAs(app: AppContext, bearer: string): Promise<AppContext> {
  await using authenticator = await openAuthenticator(app);
  const { subject } = await authenticator.authenticate(bearer, "10.0.0.9");
  return app.actFor({ subject, from: "10.0.0.9", requestId: "r", signal: new AbortController().signal });
}

describe("createToken", () => {
  it("gives a token that acts with its subject's bindings, and shows its text once", async () => {
    await using app = await open();
    const { token, item } = await perform(app, createToken, { subject: "service:ci", name: "build" });
    expect(tokenShapes.createdToken.parse({ token, item })).toBeTruthy();
    expect(item).toMatchObject({ subject: "service:ci", name: "build", role: null, where: null, state: "valid" });
    expect(Date.parse(item.expiresAt) - Date.parse(item.createdAt)).toBe(3_600_000);
    const acting = await actAs(app, token);
    const { items, hidden } = await perform(acting, listRepositories, {});
    expect([items.map(({ name }) => name), hidden]).toEqual([["ledger"], 1]);
    const store = await app.store();
    const kept = JSON.stringify([await store.listAudit({ limit: 100 }), await perform(app, listTokens, { limit: 10 })]);
    for (const part of token.split(".").slice(1)) expect(kept).not.toContain(part);
    expect((await store.listAudit({ limit: 1 }))[0]).toMatchObject({
      action: "access:write",
      resource: `token:${item.id}`,
      before: null,
      after: { subject: "service:ci", name: "build", role: null, where: null, ttlMs: 3_600_000 },
    });
    for (const name of await readdir(join(workspace, ".mahavishnu"))) expect(name).toMatch(/^state\.db/);
  });

  it("gives a token with a role exactly that, and nothing of its subject", async () => {
    await using app = await open();
    const wish = { subject: "service:ci", role: "viewer", where: "tag:team/edge" };
    const { token, item } = await perform(app, createToken, wish);
    const acting = await actAs(app, token);
    expect((await perform(acting, listRepositories, {})).items.map(({ name }) => name)).toEqual(["gateway"]);
    const me = await perform(acting, whoAmI, {});
    expect(accessShapes.identity.parse(me)).toEqual(me);
    expect(me).toMatchObject({ subject: "service:ci", tokenId: item.id, isOwner: false, permissions: [] });
    expect(me.bindings).toEqual([{ subject: `token:${item.id}`, role: "viewer", where: "tag:team/edge" }]);
    expect(me.scoped).not.toContain("runs:start");
  });

  it.each([
    ["the owner of a machine", { subject: "local:ada" }, /a token cannot be for "local:ada"/],
    ["a group", { subject: "group:ops" }, /a token cannot be for/],
    ["a token", { subject: "token:x" }, /a token cannot be for/],
    ["nobody", { subject: "user:" }, /a token cannot be for/],
    ["a name with a line break", { subject: "user:a\nb" }, /a token cannot be for/],
    ["a name that reads backwards", { subject: "user:a\u202Eb" }, /a token cannot be for/],
    ["an unknown role", { subject: "user:a", role: "deployr" }, /there is no role "deployr"/],
    ["the role constructor", { subject: "user:a", role: "constructor" }, /there is no role/],
    ["a scope without a role", { subject: "user:a", where: "tag:x" }, /without a role of its own cannot have a scope/],
    ["a broken scope", { subject: "user:a", role: "viewer", where: "tag:(" }, /this scope cannot be used/],
    [
      "an unknown name in its scope",
      { subject: "user:a", role: "viewer", where: "@nowhere" },
      /this scope cannot be used/,
    ],
    ["a scope that git decides", { subject: "user:a", role: "viewer", where: "dirty" }, /this scope cannot be used/],
    ["no time", { subject: "user:a", ttlMs: 0 }, /valid for 1s to 366d/],
    ["a life of two years", { subject: "user:a", ttlMs: 2 * 366 * 86_400_000 }, /valid for 1s to 366d/],
    ["a name of two lines", { subject: "user:a", name: "x\ny" }, /the name of a token/],
  ] as const)("is refused for %s", async (_what, wish, message) => {
    await using app = await open();
    await expect(perform(app, createToken, wish)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(message) as string,
    });
    expect((await perform(app, listTokens, { limit: 10 })).items).toEqual([]);
  });

  it.each([
    [{}, "SECRET_UNRESOLVED"],
    [{ AUTH: "short" }, "AUTH_SECRET"],
  ] as const)("needs a secret that is one (%j)", async (env, code) => {
    await using app = await open(undefined, env);
    await expect(perform(app, createToken, { subject: "user:a" })).rejects.toMatchObject({ code });
  });

  it("lets nobody give what they do not have", async () => {
    await using ida = await open(user("user:ida"));
    const refused = [{ role: "admin" }, { role: "runner" }, { role: "runner", where: "tag:team/edge" }];
    for (const wish of refused) {
      await expect(perform(ida, createToken, { subject: "service:x", ...wish })).rejects.toMatchObject({
        code: "ACCESS_DENIED",
        message: expect.stringMatching(/^user:ida would give what they do not have: (?!repos:read)/) as string,
      });
    }
    await expect(perform(ida, createToken, { subject: "user:dana" })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    const { item } = await perform(ida, createToken, { subject: "service:x", role: "viewer" });
    expect(item.createdBy).toBe("user:ida");
    const trail = await (await ida.store()).listAudit({ limit: 100, decision: "denied" });
    expect(trail.length).toBe(4);
  });
});

describe("revokeToken", () => {
  it("revokes one, or all of a service, at once", async () => {
    await using app = await open();
    await using authenticator = await openAuthenticator(app);
    const [one, two, three, other] = await Promise.all(
      ["service:ci", "service:ci", "service:ci", "user:dana"].map((subject) => perform(app, createToken, { subject })),
    );
    const texts = [one, two, three, other].map((made) => made?.token ?? "");
    for (const text of texts) expect(await refusalOf(authenticator, text)).toBe("accepted");
    const id = one?.item.id ?? "";
    expect(await perform(app, revokeToken, { id })).toEqual({ revoked: [id], sessions: 0 });
    expect(await perform(app, revokeToken, { id })).toEqual({ revoked: [], sessions: 0 });
    const { revoked } = await perform(app, revokeToken, { subject: "service:ci" });
    expect(new Set(revoked)).toEqual(new Set([two?.item.id, three?.item.id]));
    for (const text of texts.slice(0, 3)) expect(await refusalOf(authenticator, text)).toMatch(/^it was revoked/);
    expect(await refusalOf(authenticator, texts[3] ?? "")).toBe("accepted");
    const page = await perform(app, listTokens, { limit: 3 });
    expect(tokenShapes.tokenPage.parse(page)).toEqual(page);
    const rest = await perform(app, listTokens, { limit: 3, cursor: page.nextCursor ?? "" });
    const states = [...page.items, ...rest.items].map(({ subject, state }) => `${subject} ${state}`);
    expect(states.toSorted()).toEqual([...Array<string>(3).fill("service:ci revoked"), "user:dana valid"]);
    expect(rest.nextCursor).toBeNull();
  });

  it("says that there is none, and takes no wrong cursor", async () => {
    await using app = await open();
    await expect(perform(app, revokeToken, { id: "0123456789" })).rejects.toMatchObject({ code: "TOKEN_NOT_FOUND" });
    expect(await perform(app, revokeToken, { subject: "service:gone" })).toEqual({ revoked: [], sessions: 0 });
    await expect(perform(app, listTokens, { limit: 1, cursor: "-1" })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("rotateKeys", () => {
  it("lets older tokens count until they expire, or ends them", async () => {
    await using app = await open();
    await using authenticator = await openAuthenticator(app);
    const { token } = await perform(app, createToken, { subject: "user:dana" });
    const rotated = await perform(app, rotateKeys, {});
    expect(tokenShapes.rotatedKeys.parse(rotated)).toEqual(rotated);
    expect(rotated.keys.map(({ retiredAt }) => retiredAt === null)).toEqual([true, false]);
    expect(await refusalOf(authenticator, token)).toBe("accepted");
    const ended = await perform(app, rotateKeys, { retireNow: true });
    expect(ended.keys.map(({ endedAt }) => endedAt === null)).toEqual([true, false, false]);
    expect(await refusalOf(authenticator, token)).toMatch(/^its signing key/);
    expect((await perform(app, listTokens, { limit: 1 })).items[0]?.state).toBe("ended");
  });
});

describe("access", () => {
  it("shows roles, bindings of the configuration, and those of tokens that count", async () => {
    await using app = await open();
    const { item } = await perform(app, createToken, { subject: "service:ci", role: "viewer" });
    const gone = await perform(app, createToken, { subject: "service:ci", role: "viewer" });
    await perform(app, revokeToken, { id: gone.item.id });
    const view = await perform(app, showAccess, {});
    expect(accessShapes.accessView.parse(view)).toEqual(view);
    expect(view.localOwner).toBe(localSubject().name);
    expect(view.roles.find(({ name }) => name === "issuer")).toEqual({
      name: "issuer",
      builtIn: false,
      description: "makes tokens",
      permissions: ["config:read", "repos:read", "workflows:read", "runs:read", "adapters:read", "access:write"],
      extends: ["viewer"],
    });
    expect(view.bindings.slice(-2)).toEqual([
      { subject: "service:ci", role: "runner", where: "@mine", from: "configuration" },
      { subject: `token:${item.id}`, role: "viewer", where: null, from: "token" },
    ]);
  });

  it.each([
    ["user:dana", "runs:start", "gateway", true, "user:dana is deployer where tag:team/edge"],
    ["user:dana", "runs:start", "ledger", false, "no binding of user:dana covers ledger"],
    ["user:dana", "runs:start", "workflow:ship", true, "user:dana is deployer where tag:team/edge"],
    ["user:dana", "runs:start", undefined, false, "no binding of user:dana covers the whole workspace"],
    ["user:dana", "runs:exec", "gateway", false, "user:dana has only deployer"],
    ["user:vera", "repos:read", undefined, true, "user:vera is viewer"],
    ["group:ops", "runs:cancel", "ledger", true, "group:ops is operator"],
    ["group:nobody", "runs:read", undefined, false, "group:nobody has no role"],
    ["user:stranger", "runs:read", undefined, false, "user:stranger has no role"],
    ["service:ci", "runs:start", "ledger", true, "service:ci is runner where @mine"],
  ] as const)("explains that %s may %s on %s: %s", async (subject, action, resource, allowed, reason) => {
    await using app = await open();
    const answer = await perform(app, explainAccess, {
      subject,
      action,
      ...(resource === undefined ? {} : { resource }),
    });
    expect(accessShapes.accessExplanation.parse(answer)).toEqual(answer);
    expect([answer.allowed, answer.reason]).toEqual([allowed, reason]);
    // The door itself says the same.
    expect(answer.considered.some(({ lacks }) => lacks === null)).toBe(allowed);
  });

  it("names what each binding lacks", async () => {
    await using app = await open();
    const groups = ["group:ops"];
    const ask = { subject: "user:dana", groups, action: "runs:exec", resource: "gateway" };
    const { considered } = await perform(app, explainAccess, ask);
    expect(considered).toEqual([
      { subject: "group:ops", role: "operator", where: null, helps: true, lacks: null },
      {
        subject: "user:dana",
        role: "deployer",
        where: "tag:team/edge",
        helps: false,
        lacks: "the role deployer has no runs:exec",
      },
    ]);
    const other = await perform(app, explainAccess, { ...ask, groups: [], action: "runs:start", resource: "ledger" });
    expect(other.considered[0]).toMatchObject({ helps: false, lacks: "its scope does not cover ledger" });
  });

  it("explains a token by its id, also one with a role of its own", async () => {
    await using app = await open();
    const { item } = await perform(app, createToken, { subject: "service:ci", role: "viewer", where: "name:gateway" });
    const subject = `token:${item.id}`;
    expect(await perform(app, explainAccess, { subject, action: "repos:read", resource: "gateway" })).toMatchObject({
      allowed: true,
      reason: `token:${item.id} is viewer where name:gateway`,
    });
    const start = await perform(app, explainAccess, { subject, action: "runs:start", resource: "ledger" });
    expect(start.allowed).toBe(false);
  });

  it.each([
    [{ subject: "dana", action: "runs:start" }, "USAGE"],
    [{ subject: "user:", action: "runs:start" }, "USAGE"],
    [{ subject: "user:dana", groups: ["ops"], action: "runs:start" }, "USAGE"],
    [{ subject: "user:dana", action: "runs:begin" }, "USAGE"],
    [{ subject: "user:dana", action: "runs:start", resource: "gatway" }, "USAGE"],
    [{ subject: "user:dana", action: "runs:start", resource: "run:zzzz" }, "RUN_NOT_FOUND"],
    [{ subject: "user:dana", action: "runs:start", resource: "workflow:gone" }, "WORKFLOW_NOT_FOUND"],
    [{ subject: "token:0123456789", action: "runs:start" }, "TOKEN_NOT_FOUND"],
  ] as const)("refuses the question %j", async (input, code) => {
    await using app = await open();
    await expect(perform(app, explainAccess, input)).rejects.toMatchObject({ code });
  });

  it("tells the owner who they are", async () => {
    await using app = await open();
    const me = await perform(app, whoAmI, {});
    expect(me).toMatchObject({ subject: localSubject().name, isOwner: true, tokenId: null, scoped: [] });
    expect(me.permissions).toContain("access:write");
  });
});

type InputOf<U> = U extends UseCase<infer Input, infer _Output> ? Input : never;
type OutputOf<U> = U extends UseCase<infer _Input, infer Output> ? Output : never;
type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;
type Told<Shape extends z.ZodType> = Frozen<z.output<Shape>>;

describe("what the use-cases of identity give and take", () => {
  it("is what their shapes say", () => {
    expectTypeOf<OutputOf<typeof createToken>>().toExtend<Told<typeof tokenShapes.createdToken>>();
    expectTypeOf<OutputOf<typeof listTokens>>().toExtend<Told<typeof tokenShapes.tokenPage>>();
    expectTypeOf<OutputOf<typeof revokeToken>>().toExtend<Told<typeof tokenShapes.revokedTokens>>();
    expectTypeOf<OutputOf<typeof rotateKeys>>().toExtend<Told<typeof tokenShapes.rotatedKeys>>();
    expectTypeOf<OutputOf<typeof showAccess>>().toExtend<Told<typeof accessShapes.accessView>>();
    expectTypeOf<OutputOf<typeof explainAccess>>().toExtend<Told<typeof accessShapes.accessExplanation>>();
    expectTypeOf<OutputOf<typeof whoAmI>>().toExtend<Told<typeof accessShapes.identity>>();
    expectTypeOf<z.output<typeof tokenShapes.createTokenInput>>().toExtend<InputOf<typeof createToken>>();
    expectTypeOf<z.output<typeof tokenShapes.listTokensInput>>().toExtend<InputOf<typeof listTokens>>();
    expectTypeOf<z.output<typeof tokenShapes.revokeTokenInput>>().toExtend<InputOf<typeof revokeToken>>();
    expectTypeOf<z.output<typeof tokenShapes.rotateKeysInput>>().toExtend<InputOf<typeof rotateKeys>>();
    expectTypeOf<z.output<typeof accessShapes.explainAccessInput>>().toExtend<InputOf<typeof explainAccess>>();
    expectTypeOf<z.output<typeof accessShapes.showAccessInput>>().toExtend<InputOf<typeof showAccess>>();
    expectTypeOf<z.output<typeof accessShapes.whoAmIInput>>().toExtend<InputOf<typeof whoAmI>>();
  });
});
