import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../server-fixture.ts";
import { ownOriginOf } from "../login/origin-check.ts";
import { readForwarded } from "./trust-proxies.ts";

describe("what a proxy says of a request", () => {
  const http = fastify({ trustProxy: ["10.0.0.0/24", "fd00::/64"] });
  readForwarded(http);
  http.get("/", (request, reply) => {
    void reply.send({ ip: request.ip, origin: ownOriginOf(request, { publicUrl: undefined, hasTls: false }) });
  });
  const ask = async (remoteAddress: string, headers: Record<string, string>): Promise<unknown> =>
    (await http.inject({ url: "/", remoteAddress, headers: { host: "ops.test", ...headers } })).json();

  it.each([
    ["one client", "10.0.0.5", "203.0.113.7", "203.0.113.7"],
    ["a client of IPv6", "fd00::5", "2001:db8::7", "2001:db8::7"],
    ["two proxies", "10.0.0.5", "203.0.113.7, 10.0.0.9", "203.0.113.7"],
    ["a client that makes up where it comes from", "10.0.0.5", "10.0.0.1, 6.6.6.6, 203.0.113.7", "203.0.113.7"],
    ["a client that makes up what is no address", "10.0.0.5", "203.0.113.8, nonsense,203.0.113.7", "203.0.113.7"],
    ["no address", "10.0.0.5", "nonsense", "10.0.0.5"],
    ["nothing", "10.0.0.5", "", "10.0.0.5"],
    ["somebody who is no proxy", "10.0.1.5", "203.0.113.7", "10.0.1.5"],
    ["somebody who claims to be one", "203.0.113.9", "10.0.0.5", "203.0.113.9"],
  ])("counts: %s", async (_what, peer, chain, ip) => {
    expect(await ask(peer, { "x-forwarded-for": chain })).toMatchObject({ ip });
  });

  it("counts of the scheme too, and of the host nothing does", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "evil.test" };
    expect(await ask("10.0.0.5", headers)).toMatchObject({ origin: "https://ops.test" });
    expect(await ask("203.0.113.9", headers)).toMatchObject({ origin: "http://ops.test" });
    expect(await ask("10.0.0.5", { "x-forwarded-proto": "javascript" })).toMatchObject({ origin: "http://ops.test" });
  });
});

/** Tries a token that does not count, as a proxy that is asked by that client says; as itself when there is none. */
async function tryToken({ directUrl }: TestServer, client: string): Promise<number> {
  const headers = { authorization: "Bearer a.b.c", "x-forwarded-for": client };
  // Asked here, since only the sender of a request can be the proxy.
  return (await fetch(`${directUrl}/v1/runs`, { headers })).status;
}

async function comesFrom({ app }: TestServer): Promise<string[]> {
  const entries = await (await app.store()).listAudit({ limit: 100, action: "authenticate" });
  return [...new Set(entries.map(({ from }) => from))];
}

describe("a server", () => {
  it("locks out the client of a proxy that it trusts, and nobody else behind it", async () => {
    await using server = await startTestServer({ config: { server: { trustProxy: ["127.0.0.0/8"] } } });
    for (let tries = 0; tries < 10; tries += 1) expect(await tryToken(server, "203.0.113.7")).toBe(401);
    expect(await tryToken(server, "203.0.113.7")).toBe(429);
    expect(await tryToken(server, "203.0.113.8")).toBe(401);
    expect(await comesFrom(server)).toEqual(["203.0.113.7", "203.0.113.8"]);
  });

  it("takes nobody's word that it was not told to take", async () => {
    await using server = await startTestServer({ config: { server: { trustProxy: ["10.0.0.5"] } } });
    for (let tries = 0; tries < 10; tries += 1) expect(await tryToken(server, `203.0.113.${tries}`)).toBe(401);
    expect(await tryToken(server, "10.0.0.5")).toBe(429);
    expect(await comesFrom(server)).toEqual(["127.0.0.1"]);
  });
});
