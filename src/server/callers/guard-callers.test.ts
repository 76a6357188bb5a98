import fc from "fast-check";
import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { authenticatorOf, makeToken } from "../../access/authenticator-fixture.ts";
import { withStore } from "../../store/store-fixture.ts";
import { addressKey } from "./address-key.ts";
import { authenticateBearer } from "./authenticate-bearer.ts";
import { guardCallers } from "./guard-callers.ts";
import type { CallerOf } from "./identify-caller.ts";
import { Lockouts } from "./lockouts.ts";
import { RateLimitedError } from "./rate-limited-error.ts";
import { RefusalTrail } from "./refusal-trail.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";
import { TokenBuckets } from "./token-buckets.ts";

const runs = { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) };

async function ask({ directUrl }: TestServer, bearer: string | null, path = "/v1/runs"): Promise<Response> {
  return await fetch(`${directUrl}${path}`, bearer === null ? {} : { headers: { authorization: `Bearer ${bearer}` } });
}

describe("a request without an identity", () => {
  it("learns nothing but that, of whatever address", async () => {
    await using server = await startTestServer();
    for (const path of ["/v1/runs", "/v1/nothing", "/nothing", "/v1/runs/k3v9q0x2mf"]) {
      const answer = await ask(server, null, path);
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="mahavishnu"');
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "UNAUTHENTICATED"]);
    }
    const answer = await ask(server, "a.b.c");
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="mahavishnu", error="invalid_token"');
    expect(await answer.text()).not.toMatch(/signed|register|claims/);
    expect((await ask(server, null, "/openapi.json")).status).toBe(200);
  });

  it("is in the audit trail with its reason, and a proved token by its id", async () => {
    await using server = await startTestServer();
    const store = await server.app.store();
    await ask(server, null, "/v1/runs?x=%0aforged");
    await ask(server, "a.b.c", "/nothing%0aforged");
    const token = await server.token("service:ci", "viewer");
    const [{ id } = { id: "" }] = await store.listTokens({ limit: 1 });
    expect((await ask(server, token)).status).toBe(200);
    await store.revokeToken(id, { by: "local:test", time: Date.now() });
    expect((await ask(server, token)).status).toBe(401);
    const entries = await store.listAudit({ limit: 10, action: "authenticate" });
    expect(
      entries.map(({ actor, resource, reason, from, decision }) => [actor, resource, reason, from, decision]),
    ).toEqual([
      ["anonymous", "route:GET /v1/runs", "no token was shown", "127.0.0.1", "denied"],
      ["anonymous", "route:GET unknown", expect.stringContaining("token"), "127.0.0.1", "denied"],
      [`token:${id}`, "route:GET /v1/runs", expect.stringContaining("(a token of service:ci)"), "127.0.0.1", "denied"],
    ]);
    expect(entries.every(({ requestId }) => /^[\da-f-]{36}$/.test(requestId))).toBe(true);
    expect(JSON.stringify(entries)).not.toContain("forged");
  });

  it("cannot fill the trail: what is too much is counted", async () => {
    const server = await startTestServer();
    try {
      const store = await server.app.store();
      for (let n = 0; n < 35; n += 1) await ask(server, null);
      expect(await store.listAudit({ limit: 100, action: "authenticate" })).toHaveLength(10);
      await server.stop();
      const entries = await store.listAudit({ limit: 100, action: "authenticate" });
      expect(entries).toHaveLength(11);
      expect(entries.at(-1)?.reason).toBe("25 more refusals within a minute are not in the trail one by one");
      expect((await store.verifyAudit()).valid).toBe(true);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });
});

describe("whoever may not do something", () => {
  it("hears of no repository", async () => {
    await using server = await startTestServer({
      bindings: [{ subject: "user:dana", role: "viewer", where: "name:alpha" }],
    });
    const answer = await ask(server, await server.token("user:dana"), "/v1/audit");
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toMatch(/alpha|beta/);
  });
});

describe("how often one may ask", () => {
  it("is bounded for each subject, and told with each answer", async () => {
    await using server = await startTestServer({ config: { server: { requestsPerMinute: 3 } } });
    const [dana, other] = [await server.token("user:dana", "viewer"), await server.token("user:eve", "viewer")];
    const first = await ask(server, dana);
    expect(first.headers.get("ratelimit-policy")).toBe('"minute";q=3;w=60');
    expect(first.headers.get("ratelimit")).toBe('"minute";r=2;t=20');
    // Another token of the same subject has no share of its own.
    expect((await ask(server, await server.token("user:dana", "viewer"))).status).toBe(200);
    expect((await ask(server, dana)).status).toBe(200);
    const refused = await ask(server, dana);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, "RATE_LIMITED"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask(server, other)).status).toBe(200);
    for (let n = 0; n < 3; n += 1) await ask(server, null, "/openapi.json");
    expect((await ask(server, null, "/openapi.json")).status).toBe(429);
    const page = await ask(server, null, "/");
    expect([page.status, page.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^[1-9]\d*$/)]);
    expect((await ask(server, null)).status).toBe(429);
    expect((await ask(server, other)).status).toBe(200);
  });

  it("never gives more than a minute's worth at once and a minute's worth more each minute", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.integer({ min: 0, max: 5_000 })), (perMinute, waits) => {
        let now = 0;
        const buckets = new TokenBuckets(perMinute, () => now);
        let taken = 0;
        for (const wait of waits) {
          now += wait;
          const { allowed, remaining, waitMs } = buckets.take("a");
          if (allowed) taken += 1;
          expect(remaining).toBeGreaterThanOrEqual(0);
          expect(allowed || waitMs > 0).toBe(true);
          expect(taken).toBeLessThanOrEqual(perMinute + (now * perMinute) / 60_000 + 1e-6);
        }
        now += 60_001;
        expect(buckets.take("a").allowed).toBe(true);
      }),
      runs,
    );
  });
});

describe("whoever tries tokens", () => {
  it("has to wait, and hears how long", async () => {
    await using server = await startTestServer();
    for (let n = 0; n < 10; n += 1) expect((await ask(server, `a.b.${n}`)).status).toBe(401);
    // A machine that is busy for a second lets one more try through, and the next waits longer.
    const answers: Response[] = [];
    for (let n = 0; n < 20; n += 1) answers.push(await ask(server, "a.b.c"));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    for (const { headers } of refused) expect(headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  });

  it("keeps nobody from work who has worked from there; others can work afterwards", async () => {
    await withStore(async (store) => {
      let now = 0;
      await using refusals = new RefusalTrail({ store: async () => await Promise.resolve(store) });
      await using authenticator = authenticatorOf(store);
      const callerOf: CallerOf = async (request) => {
        const { subject } = await authenticateBearer(request, authenticator);
        return { subject, from: request.ip };
      };
      const guard = guardCallers({ callerOf, refusals, requestsPerMinute: 1_000, now: () => now });
      await using server = fastify();
      server.get("/", { onRequest: async (request, reply) => void (await guard.identify(request, reply)) }, () => "");
      server.setErrorHandler((error, _request, reply) => {
        const wait = error instanceof RateLimitedError ? error.retryAfter : 0;
        return reply.code(400).send(String(wait));
      });
      const askAs = async (bearer: string, remoteAddress = "10.0.0.9"): Promise<string> => {
        const { statusCode, body } = await server.inject({
          url: "/",
          remoteAddress,
          headers: { authorization: `Bearer ${bearer}` },
        });
        return statusCode === 200 ? "in" : `wait ${body}`;
      };
      const [known, fresh] = [(await makeToken(store)).text, (await makeToken(store)).text];
      expect(await askAs(known)).toBe("in");
      for (let n = 0; n < 10; n += 1) expect(await askAs(`a.b.${n}`)).toBe("wait 0");
      expect([await askAs("a.b.c"), await askAs(fresh), await askAs(known)]).toEqual(["wait 1", "wait 1", "in"]);
      expect(await askAs(fresh, "10.0.0.10")).toBe("in");
      now += 1_000;
      expect([await askAs("a.b.c"), await askAs("a.b.c")]).toEqual(["wait 0", "wait 2"]);
      const other = (await makeToken(store)).text;
      expect(await askAs(other)).toBe("wait 2");
      now += 2_000;
      expect(await askAs(other)).toBe("in");
    });
  });

  it("waits a second after ten, twice as long after each further one, and never longer than a quarter of an hour", () => {
    let now = 0;
    const lockouts = new Lockouts(() => now);
    for (let n = 0; n < 9; n += 1) lockouts.noteFailure("a");
    expect(lockouts.waitOf("a")).toBe(0);
    const waits = Array.from({ length: 40 }, () => {
      lockouts.noteFailure("a");
      const wait = lockouts.waitOf("a");
      now += wait;
      expect(lockouts.waitOf("a")).toBe(0);
      return wait;
    });
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(waits.at(-1)).toBe(900_000);
    expect(lockouts.waitOf("b")).toBe(0);
    now += 30 * 60_000 + 1;
    lockouts.noteFailure("a");
    expect(lockouts.waitOf("a")).toBe(0);
  });
});

describe("an address", () => {
  it("counts as its network when it is of IPv6", () => {
    expect(addressKey("10.0.0.9")).toBe("10.0.0.9");
    expect(addressKey("::ffff:10.0.0.9")).toBe("10.0.0.9");
    expect(addressKey("2001:db8::1")).toBe("2001:db8:0:0");
    expect(addressKey("2001:DB8:0:0:1:2:3:4")).toBe("2001:db8:0:0");
    expect(addressKey("fe80::1%eth0")).toBe("fe80:0:0:0");
    expect(addressKey("::1")).toBe("0:0:0:0");
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(addressKey(address).split(/[:.]/)).toHaveLength(4);
      }),
      runs,
    );
  });
});
