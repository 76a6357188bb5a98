import { createHmac } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { stateFileOf } from "../../acting/read-history.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { Outcome } from "../../types.ts";
import type { ScratchServer } from "./scratch-server.ts";

const day = 86_400_000;

/** Shows a good token, and then tokens of which each has one fault. */
export async function askTokens(server: ScratchServer): Promise<Outcome> {
  const who = async (token: string): Promise<number> => (await server.ask("/v1/whoami", { token })).status;
  const good = await server.token({ subject: "service:good", role: "viewer" });
  expectSame(await who(good), 200, "a good token is refused");
  const revoked = await server.token({ subject: "service:revoked", role: "viewer" });
  expectSame(await who(revoked), 200, "a good token is refused");
  const { status } = await server.ask("/v1/tokens/revoke", {
    method: "POST",
    token: server.admin,
    body: { subject: "service:revoked" },
  });
  expectSame(status, 200, "a token could not be revoked");
  const publicKey = readPublicKey(stateFileOf(server.workspace));
  const bad: readonly (readonly [what: string, token: string])[] = [
    ["a revoked token", revoked],
    ["an expired token", await server.forge("service:late", { now: Date.now() - day })],
    ["a token that counts tomorrow", await server.forge("service:early", { now: Date.now() + day })],
    ["a token for another audience", await server.forge("service:astray", { audience: "somebody-else" })],
    ["a token with a claim changed", withPayload(good, { sub: "service:admin" })],
    ["a token without its signature", `${good.split(".").slice(0, 2).join(".")}.`],
    ["a token with alg none", withHeader(good, { alg: "none" }, () => "")],
    ["a token that is signed with the public key", withHeader(good, { alg: "HS256" }, (text) => sign(text, publicKey))],
  ];
  const taken: string[] = [];
  for (const [what, token] of bad) if ((await who(token)) !== 401) taken.push(what);
  expectMet(taken.length === 0, `${taken.join(", ")} opens the door`, { expected: "401", observed: taken.join("; ") });
  expectSame(await who(good), 200, "a good token is refused after bad ones");
  return { status: "pass", reason: `a good token counts, and ${bad.length} kinds of bad ones are refused` };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part = ""): object {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as object;
}

function withPayload(token: string, changes: object): string {
  const [header = "", payload, signature = ""] = token.split(".");
  return `${header}.${encode({ ...decode(payload), ...changes })}.${signature}`;
}

function withHeader(token: string, changes: object, signed: (text: string) => string): string {
  const [header, payload = ""] = token.split(".");
  const text = `${encode({ ...decode(header), ...changes })}.${payload}`;
  return `${text}.${signed(text)}`;
}

function sign(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** What somebody would try who knows how others have failed: the public half of the key, taken for a secret. */
function readPublicKey(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const row = database.prepare("SELECT public_jwk FROM signing_key ORDER BY created_at DESC LIMIT 1").get();
    const jwk = row?.["public_jwk"];
    return typeof jwk === "string" ? jwk : "mahavishnu";
  } finally {
    database.close();
  }
}
