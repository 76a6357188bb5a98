import { createHash, createHmac } from "node:crypto";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CryptoKey, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueToken } from "../access/issue-token.ts";
import { openIssuer } from "../app/open-identity.ts";
import { newTokenId } from "../lib/ids.ts";
import { startTestServer, type TestServer } from "./server-fixture.ts";

const lookWorkflow = {
  version: 1,
  name: "look",
  jobs: { look: { sweep: {}, checkout: "inPlace", steps: [{ id: "look", run: "true" }] } },
};

let server: TestServer;
let admin: string;
beforeAll(async () => {
  server = await startTestServer({
    bindings: [
      { subject: "user:ada", role: "admin" },
      { subject: "user:fred", role: "operator", where: "tag:front" },
    ],
    files: { "workflows/look.yaml": JSON.stringify(lookWorkflow) },
  });
  admin = await server.token("user:ada");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(
  path: string,
  token?: string,
  init: { readonly method?: string; readonly body?: string } = {},
): Promise<{ status: number; text: string }> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(init.body === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await fetch(`${server.directUrl}${path}`, { ...init, headers });
  return { status: response.status, text: await response.text() };
}

async function start(body: object, token: string): Promise<{ status: number; text: string }> {
  return await ask("/v1/runs", token, { method: "POST", body: JSON.stringify(body) });
}

/** The parts of a token, changed. */
function forge(
  token: string,
  changes: { readonly header?: object; readonly claims?: object; readonly signature?: string },
): string {
  const [, , signature = ""] = token.split(".");
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ ...decodeProtectedHeader(token), ...changes.header });
  const claims = encode({ ...decodeJwt(token), ...changes.claims });
  return `${header}.${claims}.${changes.signature ?? signature}`;
}

describe("tokens that do not count", () => {
  const cases: readonly (readonly [what: string, make: () => Promise<string | undefined> | string | undefined])[] = [
    ["none", () => undefined],
    ["nonsense", () => "nonsense"],
    ["one with alg none", () => forge(admin, { header: { alg: "none" }, signature: "" })],
    [
      "one whose subject was changed",
      async () => forge(await server.token("user:fred"), { claims: { sub: "user:ada" } }),
    ],
    ["one whose audience was changed", () => forge(admin, { claims: { aud: "another" } })],
    ["one that was prolonged", () => forge(admin, { claims: { exp: 4_000_000_000 } })],
    ["one that is signed with the public key as a shared secret", signWithPublicKey],
    ["one that has expired", makeExpired],
    ["one that was revoked", makeRevoked],
    ["one of a key that nobody knows", async () => await signWithStrangeKey()],
  ];

  it.each(cases)("%s: 401 that tells nothing, and an entry in the trail", async (_what, make) => {
    const token = await make();
    const before = (await server.app.store()).listAudit({ limit: 1, newestFirst: true });
    const [last] = await before;
    const { status, text } = await ask("/v1/runs", token);
    expect(status).toBe(401);
    expect(text).not.toMatch(/expired|signature|revoked|audience|issuer|alg|key/i);
    const entries = await (await server.app.store()).listAudit({ afterSeq: last?.seq ?? 0, limit: 10 });
    expect(entries.map(({ action, decision }) => [action, decision])).toContainEqual(["authenticate", "denied"]);
  });

  async function signWithPublicKey(): Promise<string> {
    const store = await server.app.store();
    const [key] = await store.listSigningKeys();
    const publicKey = await importJWK(JSON.parse(key?.publicJwk ?? "{}") as object, "EdDSA", { extractable: true });
    const pem = await exportSPKI(publicKey as CryptoKey);
    const unsigned = forge(admin, { header: { alg: "HS256" }, signature: "" }).replace(/\.$/, "");
    return `${unsigned}.${createHmac("sha256", pem).update(unsigned).digest("base64url")}`;
  }

  async function makeExpired(): Promise<string> {
    const wish = {
      id: newTokenId(),
      subject: "user:ada",
      name: null,
      role: null,
      scope: null,
      createdBy: "local:test",
    };
    const { text } = await issueToken({ ...wish, ttlMs: 1_000 }, await openIssuer(server.app));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    return text;
  }

  async function makeRevoked(): Promise<string> {
    const token = await server.token("user:ada");
    const body = JSON.stringify({ id: decodeJwt(token).jti });
    expect((await ask("/v1/tokens/revoke", admin, { method: "POST", body })).status).toBe(200);
    return token;
  }

  async function signWithStrangeKey(): Promise<string> {
    const { kid, typ } = decodeProtectedHeader(admin);
    const secret = createHash("sha256").update("guess").digest();
    return await new SignJWT(decodeJwt(admin))
      .setProtectedHeader({ alg: "HS256", ...(kid === undefined ? {} : { kid }), typ: typ ?? "" })
      .sign(secret);
  }
});

describe("another tenant's repository", () => {
  it("cannot be started on, seen, cancelled or read, and is not named", async () => {
    const fred = await server.token("user:fred");
    const started = await start({ workflow: "look", select: "name:beta" }, admin);
    // The repositories of this workspace hold nothing to run on: what counts is that the owner gets further than the door.
    expect([202, 422]).toContain(started.status);
    const refused = await start({ workflow: "look", select: "name:beta" }, fred);
    expect([403, 422]).toContain(refused.status);
    for (const { text } of [refused, await start({ workflow: "look" }, fred), await ask("/v1/repositories", fred)]) {
      expect(text.replaceAll("name:beta", "")).not.toContain("beta");
    }
    const { items, hidden } = JSON.parse((await ask("/v1/repositories", fred)).text) as {
      items: object[];
      hidden: number;
    };
    expect([items.length, hidden]).toEqual([1, 1]);
  });

  it("is not there for who asks for its run, by its id or a part of it", async () => {
    const fred = await server.token("user:fred");
    const run = await start({ workflow: "nothing" }, admin);
    expect(run.status).toBe(404);
    for (const id of ["zzzzzzzzzz", "z", "0"]) expect((await ask(`/v1/runs/${id}`, fred)).status).toBe(404);
  });
});

describe("paths", () => {
  it.each([
    "/v1/workflows/..%2f..%2fetc%2fpasswd",
    "/v1/workflows/%2e%2e",
    "/v1/runs/..%2f..",
    "//v1/runs",
    "/v1/../v1/runs",
  ])("%s lead nowhere", async (path) => {
    const { status, text } = await ask(path, admin);
    // `/v1/../v1/runs` is made `/v1/runs` by whoever asks, before it is sent.
    expect([200, 400, 404]).toContain(status);
    expect(text).not.toContain("root:");
  });

  it("out of the fleet are not scanned, by dots or by a symbolic link", async () => {
    const outside = join(server.workspace, "..", `outside-${process.pid}`);
    await mkdir(join(outside, "secret-repository"), { recursive: true });
    await symlink(outside, join(server.workspace, "link")).catch(() => undefined);
    for (const folder of ["..", "link", "/etc", `../outside-${process.pid}`, "link/secret-repository"]) {
      const { status, text } = await ask(`/v1/repositories/scan?folder=${encodeURIComponent(folder)}`, admin);
      expect(status).toBe(403);
      expect(text.replace(folder, "")).not.toContain("secret-repository");
    }
    await rm(outside, { recursive: true });
    const trail = await (await server.app.store()).listAudit({ limit: 20, newestFirst: true });
    expect(
      trail.filter(({ action, decision }) => action === "repos:read" && decision === "denied").length,
    ).toBeGreaterThan(4);
  });
});

describe("texts", () => {
  it.each([
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "--upload-pack=touch pwned",
    "a\nb",
    "\u001b[2J",
    "../x",
    "-x",
  ])("%j is no name of a repository, and reaches no shell", async (name) => {
    const { status, text } = await start({ workflow: "look", select: `name:${name}` }, admin);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).not.toContain("\u001b");
    await expect(writeFile(join(server.workspace, "pwned"), "", { flag: "wx" })).resolves.toBeUndefined();
    await rm(join(server.workspace, "pwned"));
  });

  it("with line breaks and sequences of a terminal forge no entry of the trail", async () => {
    const reason = 'x\n{"seq":999,"actor":"user:ada"}\u001b[2K\r';
    await ask("/v1/runs/zzzzzzzzzz/cancel", admin, { method: "POST", body: JSON.stringify({ reason }) });
    const { text } = await ask("/v1/audit/export?format=ndjson&limit=1000", admin);
    const lines = (JSON.parse(text) as { text: string }).text.trimEnd().split("\n");
    const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => (seqs[0] ?? 0) + index));
    expect(text).not.toContain("\u001b");
  });

  it("as large and as deep as can be are refused, and the server lives", async () => {
    const large = JSON.stringify({ workflow: "look", inputs: { x: "y".repeat(2 * 1024 ** 2) } });
    expect((await ask("/v1/runs", admin, { method: "POST", body: large })).status).toBe(413);
    const deep = `{"workflow":"look","inputs":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`;
    expect((await ask("/v1/runs", admin, { method: "POST", body: deep })).status).toBe(400);
    expect((await ask("/v1/whoami", admin)).status).toBe(200);
  });
});
