import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LiveIssuer, loginClient, startLiveIssuer } from "../../../test/support/live-issuer.ts";
import { type BrowserAnswer, TestBrowser } from "../../../test/support/test-browser.ts";
import { goThroughIssuer, lastAudit, outcomeOf, signIn, startLoginServer } from "./login-fixture.ts";
import type { TestServer } from "../server-fixture.ts";

let issuer: LiveIssuer;
const bindings = [{ subject: "user:dana", role: "viewer" }];
beforeAll(async () => {
  issuer = await startLiveIssuer();
});
afterAll(async () => await issuer[Symbol.asyncDispose]());
afterEach(() => {
  issuer.setDown(false);
  issuer.answerWith(null);
});

/** Goes to the callback as it was changed by a test. */
async function comeBack(
  browser: TestBrowser,
  url: string,
  change: (callback: URL, browser: TestBrowser) => void = () => undefined,
): Promise<BrowserAnswer> {
  const callback = new URL(await goThroughIssuer(browser, url, "dana"));
  change(callback, browser);
  return await browser.open(callback.href);
}

describe("a callback", () => {
  // Of one address the trail writes ten refusals down in a minute: whoever reads it needs a server of its own.
  let here: TestServer;
  beforeAll(async () => {
    here = await startLoginServer(issuer, { bindings });
  });
  afterAll(async () => await here[Symbol.asyncDispose]());

  it("is refused with another state, and in a browser that did not begin", async () => {
    const browser = new TestBrowser();
    const changed = await comeBack(browser, here.url, ({ searchParams }) => searchParams.set("state", "x".repeat(43)));
    expect(outcomeOf(changed, browser)).toBe("refused");
    const victim = new TestBrowser();
    expect(outcomeOf(await victim.open(await goThroughIssuer(new TestBrowser(), here.url, "mallory")), victim)).toBe(
      "refused",
    );
    expect(await lastAudit(here)).toMatchObject({
      reason: "no sign-in is under way in this browser",
      actor: "anonymous",
    });
  });

  it("is refused with another sign-in's code (login CSRF)", async () => {
    const victim = new TestBrowser();
    await victim.send(`${here.url}/login`);
    expect(outcomeOf(await victim.open(await goThroughIssuer(new TestBrowser(), here.url, "mallory")), victim)).toBe(
      "refused",
    );
  });

  it("is refused from another issuer (mix-up), and without saying from which", async () => {
    const changes = [
      ({ searchParams }: URL) => searchParams.set("iss", "https://evil.test"),
      ({ searchParams }: URL) => searchParams.delete("iss"),
      ({ searchParams }: URL) => searchParams.append("iss", issuer.url),
    ];
    for (const change of changes) {
      const browser = new TestBrowser();
      expect(outcomeOf(await comeBack(browser, here.url, change), browser)).toBe("refused");
    }
  });

  it("is refused a second time, even with the cookie of the first", async () => {
    const browser = new TestBrowser();
    const callback = await goThroughIssuer(browser, here.url, "dana");
    const login = browser.cookie("mahavishnu-login") ?? "";
    expect((await browser.open(callback)).status).toBe(200);
    const thief = new TestBrowser();
    const answer = await thief.send(callback, { headers: { cookie: `mahavishnu-login=${login}` } });
    expect(outcomeOf(answer, thief)).toBe("refused");
    expect(await lastAudit(here)).toMatchObject({ reason: 'the issuer takes no such code: "invalid_grant"' });
  });

  it("shows nothing of an error that the issuer sends, and writes it down in quotes", async () => {
    const browser = new TestBrowser();
    const answer = await comeBack(browser, here.url, ({ searchParams }) => {
      searchParams.delete("code");
      searchParams.set("error", "access_denied");
      searchParams.set("error_description", "<script>alert(1)</script>");
    });
    expect(outcomeOf(answer, browser)).toBe("refused");
    expect(answer.text).not.toMatch(/script|access_denied/);
    expect(await lastAudit(here)).toMatchObject({
      reason: 'the issuer has refused: "access_denied"',
      action: "authenticate",
    });
  });

  it("is refused when the user says no", async () => {
    const browser = new TestBrowser();
    const form = await browser.open(`${here.url}/login`);
    const abort = /<a href="([^"]+\/abort)"/.exec(form.text)?.[1] ?? "";
    expect(outcomeOf(await browser.open(new URL(abort, form.url).href), browser)).toBe("refused");
  });
});

describe("an answer to the code", () => {
  // Of one address the trail writes ten refusals down in a minute: whoever reads it needs a server of its own.
  let here: TestServer;
  beforeAll(async () => {
    here = await startLoginServer(issuer, { bindings });
  });
  afterAll(async () => await here[Symbol.asyncDispose]());

  it.each([
    ["as the provider does", null],
    ["by a problem without a challenge", { error: "invalid_client" }],
  ])("tells the trail that the client's secret is wrong, when that is refused %s", async (_how, body) => {
    await using server = await startLoginServer(issuer, { bindings, env: { TEST_CLIENT_SECRET: "not the secret" } });
    issuer.answerWith((path, response) => {
      if (body === null || !path.startsWith("/token")) return false;
      response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify(body));
      return true;
    });
    const browser = new TestBrowser();
    const answer = await comeBack(browser, server.url);
    expect([answer.status, browser.cookie("mahavishnu")]).toEqual([503, undefined]);
    expect(await lastAudit(server)).toMatchObject({
      reason: expect.stringContaining("compare auth.oidc.clientId and auth.oidc.clientSecret") as string,
    });
  });

  /** Signs in, and lets the issuer give an id token that `signer` has signed: a good one but for `claims`. */
  const comeBackWith = async (signer: Pick<LiveIssuer, "sign">, claims: object): Promise<string> => {
    const browser = new TestBrowser();
    const seconds = Math.floor(Date.now() / 1000);
    const good = { iss: issuer.url, aud: loginClient.id, sub: "dana", iat: seconds, exp: seconds + 600 };
    const { headers } = await browser.send(`${here.url}/login`);
    const asked = new URL(headers.location ?? "").searchParams;
    const token = await signer.sign({ ...good, nonce: asked.get("nonce"), ...claims });
    issuer.answerWith((path, response) => {
      if (!path.startsWith("/token")) return false;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: "x", token_type: "Bearer", id_token: token }));
      return true;
    });
    const back = new URLSearchParams({ code: "c", state: asked.get("state") ?? "", iss: issuer.url });
    return outcomeOf(await browser.open(`${here.url}/login/callback?${String(back)}`), browser);
  };

  const answers: readonly [what: string, claims: object, reason: RegExp][] = [
    ["no nonce", { nonce: undefined }, /nonce|missing/],
    ["another nonce", { nonce: "another" }, /claim/],
    ["another audience", { aud: "another" }, /claim/],
    ["another issuer", { iss: "https://evil.test" }, /claim|issuer|JWT/],
    ["an id token that is over", { exp: 1_000 }, /timestamp/],
  ];
  it.each(answers)("is refused when the issuer gives %s", async (_what, claims, reason) => {
    expect(await comeBackWith(issuer, claims)).toBe("refused");
    expect(String((await lastAudit(here))["reason"])).toMatch(reason);
  });

  it("is refused when somebody else has signed the id token", async () => {
    await using other = await startLiveIssuer();
    expect(await comeBackWith(other, {})).toBe("refused");
  });

  it("does not even come to it when the cookie of the sign-in was changed anywhere", async () => {
    for (const at of [0, 30, 60, 200]) {
      const browser = new TestBrowser();
      const answer = await comeBack(browser, here.url, () => {
        for (const cookie of browser.cookies.values()) {
          const { name, value } = cookie;
          if (name !== "mahavishnu-login") continue;
          cookie.value = `${value.slice(0, at)}${value[at] === "A" ? "B" : "A"}${value.slice(at + 1)}`;
        }
      });
      expect(outcomeOf(answer, browser)).toBe("refused");
    }
  });
});

describe("an issuer that does not answer as it should", () => {
  it("is told of in plain words, and works again when it does", async () => {
    await using other = await startLiveIssuer();
    await using here = await startLoginServer(other, { bindings });
    other.setDown(true);
    const browser = new TestBrowser();
    const down = await browser.send(`${here.url}/login`);
    expect([down.status, down.headers["retry-after"]]).toEqual([503, "5"]);
    expect(down.text).toContain("The identity provider does not answer as it should");
    expect(await lastAudit(here)).toMatchObject({ decision: "denied", resource: "route:GET /login" });
    other.setDown(false);
    await expect.poll(async () => (await browser.send(`${here.url}/login`)).status, { timeout: 5_000 }).toBe(302);
    const callback = await goThroughIssuer(browser, here.url, "dana");
    other.setDown(true);
    expect((await browser.open(callback)).status).toBe(503);
    other.setDown(false);
    expect((await signIn(browser, here.url, "dana")).status).toBe(200);
  });

  const places = [
    "http://169.254.169.254/token",
    "http://10.0.0.1/token",
    "file:///etc/passwd",
    "http://metadata.test/",
  ];
  it.each(places)("is not believed when it names %s", async (place) => {
    await using other = await startLiveIssuer();
    await using here = await startLoginServer(other);
    for (const key of ["authorization_endpoint", "token_endpoint"]) {
      const document = {
        issuer: other.url,
        authorization_endpoint: `${other.url}/auth`,
        token_endpoint: `${other.url}/token`,
        jwks_uri: `${other.url}/jwks`,
        [key]: place,
      };
      other.answerWith((path, response) => {
        if (!path.includes("openid-configuration")) return false;
        response.end(JSON.stringify(document));
        return true;
      });
      const browser = new TestBrowser();
      await expect
        .poll(
          async () => {
            const answer = await browser.open(`${here.url}/login`, {}, (url) => url.startsWith(other.url));
            const state = new URL(answer.url).searchParams.get("state");
            if (state === null) return answer.status;
            return (await browser.send(`${here.url}/login/callback?code=c&state=${state}`)).status;
          },
          { timeout: 5_000 },
        )
        .toBe(503);
      expect((await lastAudit(here))["decision"]).toBe("denied");
    }
  });
});
