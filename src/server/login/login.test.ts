import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LiveIssuer, loginClient, startLiveIssuer } from "../../../test/support/live-issuer.ts";
import { type BrowserAnswer, TestBrowser } from "../../../test/support/test-browser.ts";
import { openApp } from "../../app/open-app.ts";
import { lastAudit, outcomeOf, signIn, startLoginServer } from "./login-fixture.ts";
import { serve } from "../serve.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

let issuer: LiveIssuer;
let server: TestServer;
const bindings = [
  { subject: "group:edge", role: "operator", where: "tag:front" },
  { subject: "user:dana", role: "viewer" },
];
beforeAll(async () => {
  issuer = await startLiveIssuer();
  server = await startLoginServer(issuer, { bindings });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
afterEach(() => {
  issuer.setDown(false);
  issuer.answerWith(null);
  issuer.claims = {};
});

const json = { "content-type": "application/json" };
const ours = { ...json, "sec-fetch-site": "same-origin" };

async function whoIs(
  browser: TestBrowser,
  { url, directUrl }: Pick<TestServer, "url" | "directUrl"> = server,
): Promise<unknown> {
  // Who shows nothing is no caller that the document knows of.
  const hasSession = browser.cookie("mahavishnu") !== undefined;
  const { status, text } = await browser.send(`${hasSession ? url : directUrl}/v1/whoami`);
  return status === 200 ? (JSON.parse(text) as { readonly subject: string }).subject : status;
}

describe("a sign-in with a browser", () => {
  it("ends at the start page, with a session that the API takes as it takes a token", async () => {
    issuer.claims = { groups: ["edge", "ops"] };
    const browser = new TestBrowser();
    const page = await signIn(browser, server.url, "dana");
    expect([page.status, page.url]).toEqual([200, `${server.url}/`]);
    expect(page.text).toContain("<h1>You are user:dana</h1>");
    expect(page.text).toContain("Your groups: group:edge, group:ops.");
    expect(page.text).toContain("<td>operator</td><td>group:edge</td><td><code>tag:front</code></td>");
    expect(await whoIs(browser)).toBe("user:dana");
    const { text } = await browser.send(`${server.url}/v1/whoami`);
    expect(JSON.parse(text)).toMatchObject({ groups: ["group:edge", "group:ops"], tokenId: null, isOwner: false });
    expect(JSON.parse(text)).toMatchObject({ scoped: expect.arrayContaining(["runs:start"]) as unknown });
    expect(await lastAudit(server)).toMatchObject({
      actor: "user:dana",
      action: "sign-in",
      decision: "allowed",
      before: null,
    });
  });

  it("asks the issuer with PKCE, state and nonce, and asks for a code alone", async () => {
    const { headers } = await new TestBrowser().send(`${server.url}/login`);
    const { searchParams, origin } = new URL(headers.location ?? "");
    expect(origin).toBe(issuer.url);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: "code",
      client_id: loginClient.id,
      redirect_uri: `${server.url}/login/callback`,
      scope: "openid profile",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      state: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    });
  });

  it("sets cookies that no script reads, and leaves none of the sign-in behind", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const own = browser.set.filter((line) => line.startsWith("mahavishnu"));
    expect(own.filter((line) => !line.endsWith("; Path=/; HttpOnly; SameSite=Lax"))).toEqual([]);
    expect(own.filter((line) => /Secure|Domain/.test(line))).toEqual([]);
    expect(browser.cookie("mahavishnu")).toMatch(/^[\w-]{43}$/);
    expect(browser.cookie("mahavishnu-login")).toBeUndefined();
  });

  it("goes to the local path that was asked for", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const page = await browser.open(`${server.url}/login?to=${encodeURIComponent("/v1/runs?limit=1#y")}`);
    expect(page.url).toBe(`${server.url}/v1/runs?limit=1#y`);
  });

  it.each(["//evil.test", "/\\evil.test", "https://evil.test/", "/.//evil.test", "evil", "/login", "/a\nb", ""])(
    "does not go to %j",
    async (to) => {
      const answer = await new TestBrowser().send(`${server.url}/login?to=${encodeURIComponent(to)}`);
      expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
      expect(answer.text).not.toContain("evil");
    },
  );

  it("refuses two places to go to", async () => {
    expect((await new TestBrowser().send(`${server.url}/login?to=/a&to=/b`)).status).toBe(400);
  });

  it("begins a new session each time, and ends the one before", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const first = browser.cookie("mahavishnu");
    await signIn(browser, server.url, "dana");
    expect(browser.cookie("mahavishnu")).not.toBe(first);
    const old = await new TestBrowser().send(`${server.url}/v1/whoami`, { headers: { cookie: `mahavishnu=${first}` } });
    expect(old.status).toBe(401);
  });

  it("reads the claims of the id token, without asking for more, and works for a client without a secret", async () => {
    await using other = await startLiveIssuer("ES256");
    other.claims = { groups: ["edge"], email: "dana@example.test", email_verified: true };
    await using here = await startLoginServer(other, {
      bindings,
      login: { inIdToken: true, isPublic: true },
      oidc: { subjectClaim: "email" },
    });
    const browser = new TestBrowser();
    const page = await signIn(browser, here.url, "dana");
    expect(page.text).toContain("<h1>You are user:dana@example.test</h1>");
    expect(other.asked.filter((path) => path.startsWith("/me"))).toEqual([]);
  });

  it("refuses an address that the issuer has not verified", async () => {
    await using other = await startLiveIssuer();
    other.claims = { email: "dana@example.test", email_verified: false };
    await using here = await startLoginServer(other, { oidc: { subjectClaim: "email" } });
    const browser = new TestBrowser();
    expect(outcomeOf(await signIn(browser, here.url, "dana"), browser)).toBe("refused");
    expect(await lastAudit(here)).toMatchObject({ reason: expect.stringContaining("email_verified") as unknown });
  });

  it("tells who has no role by which name to ask for one", async () => {
    const browser = new TestBrowser();
    const page = await signIn(browser, server.url, "erin");
    expect(page.text).toContain("Ask an admin to bind one to user:erin");
    expect(await whoIs(browser)).toBe(403);
  });
});

describe("a session", () => {
  it("holds at another server of the workspace, and ends there at once when its owner signs out here", async () => {
    const env = { PATH: process.env["PATH"], MAHAVISHNU_TEST_SECRET: "a secret for tests, long enough to count" };
    const { loaded } = server.app;
    await using app = openApp({ loaded, env: { ...env, TEST_CLIENT_SECRET: loginClient.secret } });
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const ended = serve({
      app,
      stop: stop.signal,
      onReady: ready.resolve,
      onDispatch: () => undefined,
    });
    try {
      const browser = new TestBrowser();
      await signIn(browser, server.url, "dana");
      const elsewhere = await Promise.race([ready.promise, ended.then(() => "nowhere")]);
      expect(await whoIs(browser, { url: elsewhere, directUrl: elsewhere })).toBe("user:dana");
      const shown = browser.cookie("mahavishnu") ?? "";
      const out = await browser.submit(await browser.send(`${server.url}/`));
      expect([out.status, out.url]).toEqual([200, `${server.url}/`]);
      expect(out.text).toContain('<a class="button" href="/login">Sign in</a>');
      expect(browser.cookie("mahavishnu")).toBeUndefined();
      expect(await lastAudit(server)).toMatchObject({ actor: "user:dana", action: "sign-out" });
      const headers = { cookie: `mahavishnu=${shown}` };
      expect((await new TestBrowser().send(`${elsewhere}/v1/whoami`, { headers })).status).toBe(401);
    } finally {
      stop.abort();
      await ended;
    }
  });

  it("expires", async () => {
    await using other = await startLiveIssuer();
    await using here = await startLoginServer(other, { bindings, config: { auth: { sessionTtl: "1s" } } });
    const browser = new TestBrowser();
    await signIn(browser, here.url, "dana");
    await expect.poll(async () => await whoIs(browser, here), { timeout: 10_000 }).toBe(401);
    expect(await lastAudit(here)).toMatchObject({ reason: "the session of user:dana has expired", decision: "denied" });
    expect((await browser.send(`${here.url}/`)).text).toContain("You are not signed in");
  });

  it("counts for nothing when its id was changed, or is none", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const id = browser.cookie("mahavishnu") ?? "";
    const changed = `${id.startsWith("A") ? "B" : "A"}${id.slice(1)}`;
    for (const value of [changed, "", "x", `${id}x`, "__proto__", encodeURIComponent("' OR 1=1 --")]) {
      const headers = { cookie: `mahavishnu=${value}` };
      expect((await new TestBrowser().send(`${server.directUrl}/v1/whoami`, { headers })).status).toBe(401);
    }
  });

  it("ends with all tokens of its subject", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const headers = { ...json, authorization: `Bearer ${await server.token("service:boss", "admin")}` };
    const body = '{"subject":"user:dana"}';
    const { text } = await browser.send(`${server.url}/v1/tokens/revoke`, { method: "POST", headers, body });
    expect((JSON.parse(text) as { readonly sessions: number }).sessions).toBeGreaterThan(0);
    expect(await whoIs(browser)).toBe(401);
  });

  it("stands behind a token: a bad one is refused, and a good one counts", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const ask = async (token: string): Promise<BrowserAnswer> =>
      await browser.send(`${server.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask("a.b.c")).status).toBe(401);
    expect((await ask(await server.token("service:ci", "viewer"))).text).toContain('"service:ci"');
  });
});

describe("what changes something", () => {
  const ask = async (browser: TestBrowser, headers: Readonly<Record<string, string>>): Promise<number> =>
    (
      await browser.send(`${server.directUrl}/v1/tokens/revoke`, {
        method: "POST",
        headers,
        body: '{"subject":"user:nobody"}',
      })
    ).status;

  it("is done for our own pages alone", async () => {
    await using here = await startLoginServer(issuer, { bindings: [{ subject: "user:dana", role: "admin" }] });
    const browser = new TestBrowser();
    await signIn(browser, here.url, "dana");
    const send = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (
        await browser.send(`${here.directUrl}/v1/tokens/revoke`, {
          method: "POST",
          headers,
          body: '{"subject":"user:nobody"}',
        })
      ).status;
    const allowed = [ours, { ...json, origin: here.directUrl }, { ...ours, origin: "null" }];
    const refused: readonly Readonly<Record<string, string>>[] = [
      json,
      { ...json, origin: "https://evil.test" },
      { ...json, origin: "null" },
      { ...json, "sec-fetch-site": "cross-site" },
      { ...json, "sec-fetch-site": "same-site", origin: here.directUrl },
      { ...json, "sec-fetch-site": "none" },
      { "content-type": "text/plain", "sec-fetch-site": "same-origin" },
      { "content-type": "application/x-www-form-urlencoded", origin: here.directUrl },
    ];
    for (const headers of allowed) expect(await send(headers)).toBe(200);
    for (const headers of refused) expect(await send(headers)).toBe(403);
    expect(await lastAudit(here)).toMatchObject({ decision: "denied", action: "authenticate" });
  });

  it("signs nobody out for another page", async () => {
    const browser = new TestBrowser();
    await signIn(browser, server.url, "dana");
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: "https://evil.test" };
    expect((await browser.send(`${server.url}/logout`, { method: "POST", headers, body: "" })).status).toBe(403);
    expect((await browser.send(`${server.url}/logout`)).status).toBe(405);
    expect(await whoIs(browser)).toBe("user:dana");
  });

  it("needs a session or a token in any case", async () => {
    expect(await ask(new TestBrowser(), ours)).toBe(401);
  });
});

describe("the start page", () => {
  it("can be read by everybody, and loads and runs nothing", async () => {
    const { status, headers, text } = await new TestBrowser().send(`${server.url}/`);
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    expect(text).not.toMatch(/<script|style=|\son\w+=|src=/);
    expect(text).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<header>[\s\S]*<main>\n<h1>/);
  });

  it("says how to get a token where nobody can sign in, and that authentication is off where it is", async () => {
    await using plain = await startTestServer();
    const welcome = await new TestBrowser().send(`${plain.url}/`);
    expect(welcome.text).toContain("mahavishnu token create --subject user:NAME");
    expect((await new TestBrowser().send(`${plain.url}/login`)).status).toBe(401);
    await using open = await startTestServer({ config: { auth: { enabled: false } } });
    const page = await new TestBrowser().send(`${open.url}/`);
    expect(page.text).toContain("Authentication is off");
    expect(page.text).toContain("You own this workspace");
  });
});

describe("with TLS", () => {
  it("the cookies belong to this host and to https alone", async () => {
    await using other = await startLiveIssuer();
    await using here = await startLoginServer(other, { bindings, tls: true });
    const browser = new TestBrowser(here.ca);
    const page = await signIn(browser, here.url, "dana");
    expect(page.text).toContain("<h1>You are user:dana</h1>");
    const own = browser.set.filter((line) => line.includes("mahavishnu"));
    expect(own.length).toBeGreaterThan(2);
    expect(own.filter((line) => !/^__Host-mahavishnu.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/.test(line))).toEqual(
      [],
    );
  });

  it("the issuer is told the public name, where there is one", async () => {
    await using here = await startLoginServer(issuer, {
      config: { server: { publicUrl: "https://ops.example.test" } },
    });
    const { headers } = await new TestBrowser().send(`${here.url}/login`);
    expect(new URL(headers.location ?? "").searchParams.get("redirect_uri")).toBe(
      "https://ops.example.test/login/callback",
    );
    expect(String(headers["set-cookie"])).toMatch(/^__Host-mahavishnu-login=/);
  });
});
