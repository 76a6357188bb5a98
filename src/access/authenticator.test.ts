import fc from "fast-check";
import { base64url, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { Secret } from "../lib/secret.ts";
import { startStoreProcess, withStore } from "../store/store-fixture.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { authenticatorOf, makeToken, refusalOf, testAuth, testSecret } from "./authenticator-fixture.ts";
import { openKeyRing } from "./key-ring.ts";

const hour = 3_600_000;
const hs256 = { ...testAuth, algorithm: "HS256" } as const;

/** Takes a token apart, changes it, and leaves the signature as it is. */
function rewrite(text: string, change: { header?: object; payload?: object }): string {
  const [header = "", payload = "", signature = ""] = text.split(".");
  const put = (part: string, more: object = {}): string =>
    base64url.encode(JSON.stringify({ ...(JSON.parse(Buffer.from(part, "base64url").toString()) as object), ...more }));
  return [put(header, change.header), put(payload, change.payload), signature].join(".");
}

function partOf(text: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(text.split(".")[index] ?? "", "base64url").toString()) as Record<string, unknown>;
}

describe("a token of the workspace", () => {
  it.each([testAuth, hs256])("says who shows it, signed with $algorithm", async (auth) => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store, { auth });
      const token = await makeToken(store, { subject: "service:ci" }, { auth });
      const expected = {
        subject: { name: "service:ci", groups: [], token: { id: token.id, binding: null } },
        tokenId: token.id,
        expiresAt: token.expiresAt,
      };
      expect(await authenticator.authenticate(token.text, "10.0.0.9")).toEqual(expected);
      expect(await authenticator.authenticate(token.text, "10.0.0.9")).toEqual(expected);
      expect(partOf(token.text, 0)).toEqual({
        alg: auth.algorithm,
        kid: expect.any(String) as unknown,
        typ: "mahavishnu+jwt",
      });
    });
  });

  it("carries its own binding, and is stored as a hash alone", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const token = await makeToken(store, { role: "runner", scope: "tag:team/edge" });
      const { subject } = await authenticator.authenticate(token.text, "10.0.0.9");
      expect(subject.token?.binding).toEqual({ role: "runner", where: "tag:team/edge" });
      const stored = JSON.stringify([await store.listTokens({ limit: 10 }), await store.listSigningKeys()]);
      for (const part of token.text.split(".")) expect(stored).not.toContain(part);
    });
  });

  it("is refused when it is anything else than what was signed, and the caller learns nothing of why", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const { text } = await makeToken(store);
      const { kid } = partOf(text, 0);
      const [key] = await store.listSigningKeys();
      const confused = await new SignJWT(partOf(text, 1))
        .setProtectedHeader({ alg: "HS256", kid: String(kid), typ: "mahavishnu+jwt" })
        .sign(new TextEncoder().encode(key?.publicJwk ?? ""));
      const refused: readonly (readonly [string, RegExp])[] = [
        ["", /no signed token/],
        ["a.b", /no signed token/],
        ["a.b.c", /no /],
        [`${text}.x`, /no signed token/],
        [`${text}\n`, /no signed token/],
        [` ${text}`, /no signed token/],
        ["x".repeat(20_000), /no signed token/],
        [text.slice(0, -6), /signature is wrong/],
        [rewrite(text, { payload: { sub: "user:root" } }), /signature is wrong/],
        [rewrite(text, { payload: { exp: 9_999_999_999 } }), /signature is wrong/],
        [rewrite(text, { payload: { iss: "somebody else" } }), /issuer that is not known here: "somebody else"/],
        [rewrite(text, { payload: { iss: ["mahavishnu"] } }), /issuer that is not known here/],
        [rewrite(text, { header: { alg: "none" } }), /another algorithm/],
        [
          `${rewrite(text, { header: { alg: "none" } })
            .split(".")
            .slice(0, 2)
            .join(".")}.`,
          /no signed token/,
        ],
        [rewrite(text, { header: { alg: "HS256" } }), /another algorithm/],
        [rewrite(text, { header: { typ: "JWT" } }), /signature is wrong|typ/],
        [rewrite(text, { header: { kid: "another" } }), /no key of this workspace/],
        [rewrite(text, { header: { kid: undefined } }), /names no signing key/],
        [rewrite(text, { header: { crit: ["x"], x: 1 } }), /./],
        [confused, /another algorithm/],
      ];
      for (const [given, reason] of refused)
        expect([given, await refusalOf(authenticator, given)]).toEqual([given, expect.stringMatching(reason)]);
      expect(await refusalOf(authenticator, text)).toBe("accepted");
    });
  });

  it("is refused with any bit turned", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const { text } = await makeToken(store);
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
      await fc.assert(
        fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...letters.split("")), async (at, letter) => {
          fc.pre(text[at] !== letter);
          const changed = text.slice(0, at) + letter + text.slice(at + 1);
          expect(await refusalOf(authenticator, changed)).not.toBe("accepted");
        }),
        { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
      );
    });
  });

  it("is refused for another audience, and by a workspace whose tokens have another name", async () => {
    await withStore(async (store) => {
      const { text } = await makeToken(store, {}, { auth: { ...testAuth, audience: "staging" } });
      await using here = authenticatorOf(store);
      expect(await refusalOf(here, text)).toMatch(/aud/);
      await using renamed = authenticatorOf(store, { auth: { ...testAuth, issuer: "other" } });
      expect(await refusalOf(renamed, (await makeToken(store)).text)).toMatch(/issuer that is not known/);
    });
  });

  it("expires to the second, also when it is remembered", async () => {
    let time = 1_700_000_000_000;
    const now = (): number => time;
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store, { now });
      const { text, expiresAt } = await makeToken(store, { ttlMs: 5_000 }, { now });
      expect(expiresAt).toBe(time + 5_000);
      expect(await refusalOf(authenticator, text)).toBe("accepted");
      time += 4_999;
      expect(await refusalOf(authenticator, text)).toBe("accepted");
      time += 1;
      expect(await refusalOf(authenticator, text)).toBe("it expired at 2023-11-14T22:13:25.000Z");
      time = 1_699_999_999_000;
      await using early = authenticatorOf(store, { now });
      expect(await refusalOf(early, text)).toMatch(/nbf/);
    });
  });

  it("of another workspace is refused, although both have the same secret", async () => {
    await withStore(async (mine) => {
      await withStore(async (theirs) => {
        await makeToken(mine);
        await using authenticator = authenticatorOf(mine);
        const { text } = await makeToken(theirs);
        expect(await refusalOf(authenticator, text)).toBe("no key of this workspace has signed it");
      });
    });
  });

  it("that is signed well and was never registered is refused", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const ring = openKeyRing({ store, secret: testSecret, algorithm: "EdDSA", now: Date.now });
      const { kid, key, algorithm } = await ring.signingKey();
      const sign = async (claims: Record<string, unknown>): Promise<string> =>
        await new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ: "mahavishnu+jwt" }).sign(key);
      const { text, id } = await makeToken(store);
      const claims = partOf(text, 1);
      expect(await refusalOf(authenticator, await sign({ ...claims, jti: "mine" }))).toBe("it is not in the register");
      // The same id with other claims, made with the key itself.
      const forged = await sign({ ...claims, sub: "user:root" });
      expect(await refusalOf(authenticator, forged)).toBe("the register has another token under its id");
      const longer = await sign({ ...claims, exp: 9_999_999_999 });
      expect(await refusalOf(authenticator, longer)).toBe("the register has another token under its id");
      for (const claim of ["exp", "nbf", "iat", "jti", "sub", "aud"]) {
        const { [claim]: _left, ...rest } = claims;
        expect(await refusalOf(authenticator, await sign(rest))).toMatch(/missing|invalid|aud/);
      }
      await authenticator.authenticate(text, "10.0.0.9").then((known) => expect(known.tokenId).toBe(id));
    });
  });

  it("is refused from the next question on when it is revoked here, and says by whom to the audit trail alone", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const { text, id } = await makeToken(store);
      expect(await refusalOf(authenticator, text)).toBe("accepted");
      expect(await store.revokeToken(id, { by: "user:ada", time: 0 })).toBe(true);
      expect(await store.revokeToken(id, { by: "user:bob", time: 1 })).toBe(false);
      const reason = 'it was revoked by "user:ada" at 1970-01-01T00:00:00.000Z';
      expect(await refusalOf(authenticator, text)).toBe(reason);
      expect(await refusalOf(authenticator, text)).toBe(reason);
      const error: unknown = await authenticator.authenticate(text, "x").catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AuthenticationError);
      expect((error as AuthenticationError).token).toEqual({ id, subject: "service:ci" });
    });
  });

  it("is refused from the next question on when another process revokes it, or all of its subject", async () => {
    await withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      await using authenticator = authenticatorOf(store);
      const [one, two, three] = [
        await makeToken(store),
        await makeToken(store),
        await makeToken(store, { subject: "user:dana" }),
      ];
      for (const { text } of [one, two, three]) expect(await refusalOf(authenticator, text)).toBe("accepted");
      await other.call("revokeToken", one.id, { by: "user:ada", time: 0 });
      expect(await refusalOf(authenticator, one.text)).toMatch(/^it was revoked/);
      expect(await refusalOf(authenticator, two.text)).toBe("accepted");
      expect(await other.call("revokeTokensOf", "service:ci", { by: "user:ada", time: 0 })).toEqual([two.id]);
      expect(await refusalOf(authenticator, two.text)).toMatch(/^it was revoked/);
      expect(await refusalOf(authenticator, three.text)).toBe("accepted");
    });
  });
});

describe("the key ring", () => {
  it("goes on to verify what older keys have signed, until they are ended", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      const ring = openKeyRing({ store, secret: testSecret, algorithm: "EdDSA", now: Date.now });
      const old = await makeToken(store);
      await ring.rotate({ endOthers: false });
      const young = await makeToken(store);
      expect(partOf(old.text, 0)["kid"]).not.toBe(partOf(young.text, 0)["kid"]);
      for (const { text } of [old, young]) expect(await refusalOf(authenticator, text)).toBe("accepted");
      const [newest, oldest] = await store.listSigningKeys();
      expect(newest).toMatchObject({ retiredAt: null, endedAt: null, neededUntil: young.expiresAt });
      expect(oldest).toMatchObject({
        retiredAt: expect.any(Number) as unknown,
        endedAt: null,
        neededUntil: old.expiresAt,
      });
      await ring.rotate({ endOthers: true });
      for (const { text } of [old, young])
        expect(await refusalOf(authenticator, text)).toMatch(/^its signing key \S+ was ended$/);
      expect(await refusalOf(authenticator, (await makeToken(store)).text)).toBe("accepted");
    });
  });

  it("changes its algorithm without a break", async () => {
    await withStore(async (store) => {
      const old = await makeToken(store, {}, { auth: hs256 });
      const young = await makeToken(store);
      await using authenticator = authenticatorOf(store);
      for (const { text } of [old, young]) expect(await refusalOf(authenticator, text)).toBe("accepted");
      // The key of the one with the algorithm of the other.
      const { kid } = partOf(young.text, 0);
      expect(await refusalOf(authenticator, rewrite(old.text, { header: { kid } }))).toMatch(/another algorithm/);
    });
  });

  it.each([testAuth, hs256])(
    "counts nothing that another secret has signed, and makes a new key ($algorithm)",
    async (auth) => {
      await withStore(async (store) => {
        const old = await makeToken(store, {}, { auth });
        const secret = new Secret("another secret, long enough to count too");
        await using authenticator = authenticatorOf(store, { secret, auth });
        expect(await refusalOf(authenticator, old.text)).toMatch(/^auth\.secret does not open its signing key/);
        const young = await makeToken(store, {}, { secret, auth });
        expect(await refusalOf(authenticator, young.text)).toBe("accepted");
      });
    },
  );

  it("is made once when several processes need it at once", async () => {
    await withStore(async (store) => {
      const rings = [1, 2, 3, 4].map(() =>
        openKeyRing({ store, secret: testSecret, algorithm: "EdDSA", now: Date.now }),
      );
      const keys = await Promise.all(rings.map((ring) => ring.signingKey()));
      expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
      expect((await store.listSigningKeys()).length).toBe(1);
    });
  });
});

describe("last use", () => {
  it("is written in the background, at most once a minute for each token", async () => {
    let time = 1_700_000_000_000;
    await withStore(async (store) => {
      const now = (): number => time;
      const used = async (): Promise<unknown> => (await store.listTokens({ limit: 1 }))[0];
      const { text } = await makeToken(store, { ttlMs: hour }, { now });
      {
        await using authenticator = authenticatorOf(store, { now });
        const before = store.commitCount();
        await authenticator.authenticate(text, "10.0.0.1");
        await authenticator.authenticate(text, "10.0.0.2");
        expect(store.commitCount()).toBe(before);
        expect(await used()).toMatchObject({ usedAt: null, usedFrom: null });
      }
      expect(await used()).toMatchObject({ usedAt: time, usedFrom: "10.0.0.1" });
      for (const [later, from] of [
        [59_999, "10.0.0.1"],
        [60_000, "10.0.0.3"],
      ] as const) {
        await using another = authenticatorOf(store, { now: () => time + later });
        await another.authenticate(text, "10.0.0.3");
        await another[Symbol.asyncDispose]();
        expect(await used()).toMatchObject({ usedFrom: from });
      }
      time += hour;
      await using late = authenticatorOf(store, { now });
      expect(await refusalOf(late, text)).toMatch(/^it expired/);
    });
  });
});
