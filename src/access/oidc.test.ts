import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { base64url, decodeJwt, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LiveIssuer, startLiveIssuer } from "../../test/support/live-issuer.ts";
import { withStore } from "../store/store-fixture.ts";
import type { Authenticator } from "./authenticator.ts";
import { authenticatorOf, makeToken, refusalOf, type TestParts } from "./authenticator-fixture.ts";
import { fetchJson } from "./fetch-json.ts";
import { issuerKeyTimes } from "./issuer-keys.ts";
import { type OidcRules, subjectOfClaims } from "./verify-oidc.ts";

let issuer: LiveIssuer;
beforeAll(async () => {
  issuer = await startLiveIssuer();
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});
afterEach(() => {
  issuer.setDown(false);
  issuer.answerWith(null);
  issuer.claims = {};
  issuer.audience = "mahavishnu";
});

const minute = 60_000;
/** What the tests move instead of waiting. */
let ahead = 0;
const now = (): number => Date.now() + ahead;
afterEach(() => {
  ahead = 0;
});

function rulesOf(rules: Partial<OidcRules> = {}): OidcRules {
  const base = { audience: "mahavishnu", subjectClaim: "sub", groupsClaim: "groups", clockSkew: minute };
  return { issuer: issuer.url, ...base, ...rules };
}

async function within(
  body: (authenticator: Authenticator) => Promise<void>,
  { rules = {}, ...parts }: TestParts & { readonly rules?: Partial<OidcRules> } = {},
): Promise<void> {
  await withStore(async (store) => {
    await using authenticator = authenticatorOf(store, { oidc: rulesOf(rules), now, ...parts });
    await body(authenticator);
  });
}

/** Claims of a token that would be accepted. */
function goodClaims(): Record<string, unknown> {
  const seconds = Math.floor(now() / 1000);
  return { iss: issuer.url, aud: "mahavishnu", sub: "dana", iat: seconds, exp: seconds + 600 };
}

const discoveries = (): number => issuer.asked.filter((path) => path.includes("openid-configuration")).length;

describe("a token of a live OIDC provider", () => {
  it("says who shows it and in which groups they are", async () => {
    issuer.claims = { groups: ["ops", "edge", "ops", "Domain Users", "line\nbreak"] };
    await within(async (authenticator) => {
      const token = await issuer.mint();
      const { exp = 0 } = decodeJwt(token);
      expect(await authenticator.authenticate(token, "10.0.0.9")).toEqual({
        subject: { name: "user:dana", groups: ["group:ops", "group:edge"] },
        tokenId: null,
        expiresAt: exp * 1000 + minute,
      });
    });
  });

  it.each(["ES256", "EdDSA", "PS256"])("may be signed with %s", async (algorithm) => {
    await using other = await startLiveIssuer(algorithm);
    await within(
      async (authenticator) => {
        expect(await refusalOf(authenticator, await other.mint())).toBe("accepted");
      },
      { rules: { issuer: other.url } },
    );
  });

  it("is verified with keys that are read once", async () => {
    await within(async (authenticator) => {
      const before = discoveries();
      for (let n = 0; n < 3; n += 1) expect(await refusalOf(authenticator, await issuer.mint())).toBe("accepted");
      expect(discoveries() - before).toBe(1);
    });
  });

  it("stands beside tokens of the workspace", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store, { oidc: rulesOf() });
      expect(await refusalOf(authenticator, (await makeToken(store)).text)).toBe("accepted");
      expect(await refusalOf(authenticator, await issuer.mint())).toBe("accepted");
    });
  });

  it("counts for nothing where no issuer is configured", async () => {
    await withStore(async (store) => {
      await using authenticator = authenticatorOf(store);
      expect(await refusalOf(authenticator, await issuer.mint())).toMatch(/issuer that is not known here/);
    });
  });

  it("is refused for another audience, and with an issuer that only looks the same", async () => {
    issuer.audience = "another-service";
    const elsewhere = await issuer.mint();
    await within(async (authenticator) => {
      expect(await refusalOf(authenticator, elsewhere)).toMatch(/aud/);
      const slash = await issuer.sign({ ...goodClaims(), iss: `${issuer.url}/` });
      expect(await refusalOf(authenticator, slash)).toMatch(/issuer that is not known here/);
      expect(await refusalOf(authenticator, await issuer.sign({ ...goodClaims(), aud: undefined }))).toMatch(/aud/);
    });
  });

  it("is refused when it was changed, or signed by somebody else under the same name of a key", async () => {
    await within(async (authenticator) => {
      const token = await issuer.mint();
      const [header = "", , signature = ""] = token.split(".");
      const root = base64url.encode(JSON.stringify({ ...decodeJwt(token), sub: "root" }));
      expect(await refusalOf(authenticator, `${header}.${root}.${signature}`)).toBe("its signature is wrong");
      const { privateKey } = await generateKeyPair("RS256");
      const forged = await new SignJWT(goodClaims())
        .setProtectedHeader({ alg: "RS256", kid: issuer.key.kid })
        .sign(privateKey);
      expect(await refusalOf(authenticator, forged)).toBe("its signature is wrong");
    });
  });

  it("is refused without a signature, and with the public key taken for a shared secret", async () => {
    await within(async (authenticator) => {
      const encode = (value: object): string => base64url.encode(JSON.stringify(value));
      const none = `${encode({ alg: "none", kid: issuer.key.kid })}.${encode(goodClaims())}`;
      expect(await refusalOf(authenticator, `${none}.`)).toBe("it is no signed token");
      expect(await refusalOf(authenticator, `${none}.AAAA`)).toBe("it is signed with another algorithm than its key");
      for (const secret of [await exportSPKI(issuer.key.publicKey), JSON.stringify(issuer.key.publicJwk)]) {
        const confused = await new SignJWT(goodClaims())
          .setProtectedHeader({ alg: "HS256", kid: issuer.key.kid })
          .sign(new TextEncoder().encode(secret));
        expect(await refusalOf(authenticator, confused)).toBe("it is signed with another algorithm than its key");
      }
      const brought = await issuer.sign(goodClaims(), { jwk: issuer.key.publicJwk, kid: "brought-along" });
      expect(await refusalOf(authenticator, brought)).toBe("the issuer has no key that it names");
    });
  });

  it("is refused when it is another kind of token", async () => {
    await within(async (authenticator) => {
      for (const typ of ["logout+jwt", "mahavishnu+jwt", "secevent+jwt"]) {
        expect(await refusalOf(authenticator, await issuer.sign(goodClaims(), { typ }))).toBe(
          `it is a "${typ}", no access token`,
        );
      }
      expect(await refusalOf(authenticator, await issuer.sign(goodClaims(), { typ: undefined }))).toBe("accepted");
      expect(await refusalOf(authenticator, await issuer.sign(goodClaims(), { typ: "JWT" }))).toBe("accepted");
    });
  });

  it("expires, and the clocks may differ by the skew and no more", async () => {
    const seconds = Math.floor(Date.now() / 1000);
    await within(async (authenticator) => {
      const make = async (claims: object): Promise<string> =>
        await refusalOf(authenticator, await issuer.sign({ ...goodClaims(), ...claims }));
      expect(await make({ exp: seconds - 50 })).toBe("accepted");
      expect(await make({ exp: seconds - 70 })).toMatch(/^it expired at /);
      expect(await make({ nbf: seconds + 50 })).toBe("accepted");
      expect(await make({ nbf: seconds + 90 })).toMatch(/nbf/);
      expect(await make({ iat: seconds + 50 })).toBe("accepted");
      expect(await make({ iat: seconds + 90 })).toBe("it was made in the future");
      expect(await make({ exp: undefined })).toMatch(/exp/);
      expect(await make({ exp: "soon" })).toMatch(/exp/);
      expect(await make({ exp: 1e300 })).toBe("accepted");
      expect(await make({ exp: -1e300 })).toBe("it expired");
      // Remembered, and then over.
      const token = await issuer.mint();
      expect(await refusalOf(authenticator, token)).toBe("accepted");
      ahead = 600_000 + 50_000;
      expect(await refusalOf(authenticator, token)).toBe("accepted");
      ahead = 600_000 + 62_000;
      expect(await refusalOf(authenticator, token)).toMatch(/^it expired at /);
    });
  });

  it("must be given to our client, where there is one", async () => {
    await within(
      async (authenticator) => {
        const make = async (claims: object): Promise<string> =>
          await refusalOf(authenticator, await issuer.sign({ ...goodClaims(), ...claims }));
        expect(await make({})).toBe("accepted");
        expect(await make({ azp: "web" })).toBe("accepted");
        expect(await make({ azp: "other" })).toBe('it was given to another client (azp "other")');
        expect(await make({ azp: ["web"] })).toMatch(/another client/);
        expect(await make({ aud: ["mahavishnu", "x"] })).toMatch(/names no authorized party/);
        expect(await make({ aud: ["mahavishnu", "x"], azp: "web" })).toBe("accepted");
      },
      { rules: { clientId: "web" } },
    );
  });
});

describe("the keys of the issuer", () => {
  it("are read again when one is not known, and then not for a while", async () => {
    await within(async (authenticator) => {
      const old = await issuer.mint();
      expect(await refusalOf(authenticator, old)).toBe("accepted");
      await issuer.rotate();
      const young = await issuer.mint();
      // The provider was asked just now.
      expect(await refusalOf(authenticator, young)).toBe("the issuer has no key that it names");
      ahead = issuerKeyTimes.cooldownMs;
      expect(await refusalOf(authenticator, young)).toBe("accepted");
      const before = discoveries();
      for (let n = 0; n < 20; n += 1) {
        const unknown = await issuer.sign(goodClaims(), { kid: `unknown-${n}` });
        expect(await refusalOf(authenticator, unknown)).toBe("the issuer has no key that it names");
      }
      expect(discoveries()).toBe(before);
      // What was remembered is asked for anew, and the old key is gone.
      ahead += 2 * minute;
      expect(await refusalOf(authenticator, old)).toBe("the issuer has no key that it names");
    });
  });

  it("go on to count while the provider is down, for a day", async () => {
    await within(async (authenticator) => {
      expect(await refusalOf(authenticator, await issuer.mint())).toBe("accepted");
      issuer.setDown(true);
      ahead = 60 * minute;
      const unknown = await issuer.sign(goodClaims(), { kid: "unknown" });
      expect(await refusalOf(authenticator, unknown)).toBe("the issuer has no key that it names");
      expect(await refusalOf(authenticator, await issuer.sign(goodClaims()))).toBe("accepted");
      ahead = issuerKeyTimes.staleMs + minute;
      expect(await refusalOf(authenticator, await issuer.sign(goodClaims()))).toMatch(
        /^the keys of the issuer cannot be read: /,
      );
      issuer.setDown(false);
      ahead += issuerKeyTimes.cooldownMs;
      expect(await refusalOf(authenticator, await issuer.sign(goodClaims()))).toBe("accepted");
    });
  });

  it("are never there when the provider was down from the beginning", async () => {
    const token = await issuer.mint();
    issuer.setDown(true);
    await within(async (authenticator) => {
      expect(await refusalOf(authenticator, token)).toMatch(/^the keys of the issuer cannot be read: /);
    });
  });

  it.each<readonly [string, (path: string) => { status?: number; location?: string; body: unknown } | null, RegExp]>([
    [
      "another issuer",
      (path) => (path.includes("openid") ? { body: { issuer: "https://evil.example.test", jwks_uri: "x" } } : null),
      /names another issuer/,
    ],
    ["no keys", (path) => (path.includes("openid") ? { body: { issuer: issuer.url } } : null), /names no keys/],
    [
      "keys at a metadata service",
      (path) =>
        path.includes("openid") ? { body: { issuer: issuer.url, jwks_uri: "https://169.254.169.254/latest" } } : null,
      /link-local or a metadata service/,
    ],
    [
      "keys over plain http elsewhere",
      (path) => (path.includes("openid") ? { body: { issuer: issuer.url, jwks_uri: "http://10.0.0.1/" } } : null),
      /must be https/,
    ],
    [
      "keys in a file",
      (path) => (path.includes("openid") ? { body: { issuer: issuer.url, jwks_uri: "file:///etc/passwd" } } : null),
      /no plain https: URL/,
    ],
    ["a redirect", () => ({ status: 302, location: "http://169.254.169.254/", body: "" }), /answered 302/],
    ["something huge", () => ({ body: "x".repeat(300_000) }), /longer than 262144 bytes/],
    ["no JSON", () => ({ body: undefined }), /gave no JSON/],
    ["no key set", (path) => (path.includes("jwks") ? { body: [1, 2] } : null), /./],
  ])("are refused from a provider that gives %s", async (_what, give, reason) => {
    const token = await issuer.mint();
    issuer.answerWith((path, response) => {
      const given = give(path);
      if (given === null) return false;
      const headers = given.location === undefined ? {} : { location: given.location };
      response.writeHead(given.status ?? 200, headers).end(JSON.stringify(given.body) ?? "<html>");
      return true;
    });
    await within(async (authenticator) => {
      expect(await refusalOf(authenticator, token)).toMatch(/^the keys of the issuer cannot be read: /);
      expect(await refusalOf(authenticator, token)).toMatch(reason);
    });
  });
});

describe("fetchJson", () => {
  it("waits no longer than it may, also for the end of a body", async () => {
    const server = createServer((_request, response) => void response.write("{"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const limits = { maxBytes: 10, signal: new AbortController().signal };
    await expect(fetchJson(url, { ...limits, timeoutMs: 50 })).rejects.toThrow("gave no answer within 50 ms");
    server.closeAllConnections();
    server.close();
  });
});

describe("the subject of claims", () => {
  const rules = { subjectClaim: "sub", groupsClaim: "groups" };

  it.each([
    ["none", {}],
    ["a number", { sub: 7 }],
    ["an empty one", { sub: "" }],
    ["a space", { sub: "dana admin" }],
    ["a line break", { sub: "dana\nuser:root" }],
    ["a control character", { sub: "dana\u0007" }],
    ["a mark that turns the direction", { sub: "dana\u202Etoor" }],
    ["a space of no width", { sub: "dana\u200B" }],
    ["half a character", { sub: "dana\uD800" }],
    ["a second spelling of the same letter", { sub: "rene\u0301" }],
    ["more than fits", { sub: "x".repeat(201) }],
    ["groups that are no list", { sub: "dana", groups: "ops" }],
    ["groups that are no names", { sub: "dana", groups: [1] }],
    ["an inherited claim", { sub: undefined, __proto__: { sub: "root" } }],
  ])("is refused with %s", (_what, claims) => {
    expect(() => subjectOfClaims(claims, rules)).toThrow("the token is not valid");
  });

  it("may be an address that the issuer has verified", () => {
    const byMail = { ...rules, subjectClaim: "email" };
    const email = "dana@example.test";
    expect(subjectOfClaims({ email, email_verified: true }, byMail).name).toBe(`user:${email}`);
    for (const verified of [false, undefined, "true"]) {
      expect(() => subjectOfClaims({ email, email_verified: verified }, byMail)).toThrow("the token is not valid");
    }
  });

  it("can never be anything but a user, nor a group anything but a group", () => {
    expect(subjectOfClaims({ sub: "local:root", groups: ["user:ada", "token:x"] }, rules)).toEqual({
      name: "user:local:root",
      groups: ["group:user:ada", "group:token:x"],
    });
  });
});
