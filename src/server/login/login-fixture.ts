import { type LiveIssuer, loginClient, type LoginOptions } from "../../../test/support/live-issuer.ts";
import type { BrowserAnswer, TestBrowser } from "../../../test/support/test-browser.ts";
import { startTestServer, type TestServer, type TestServerRequest } from "../server-fixture.ts";

/** For tests: a server where people sign in at an issuer. */
export async function startLoginServer(
  issuer: LiveIssuer,
  { login, oidc = {}, ...request }: TestServerRequest & LoginServerRequest = {},
): Promise<TestServer> {
  const { config = {}, env = {} } = request;
  const known = { issuer: issuer.url, audience: "mahavishnu", clientId: loginClient.id };
  const secret = login?.isPublic === true ? {} : { clientSecret: "${env:TEST_CLIENT_SECRET}" };
  const server = await startTestServer({
    ...request,
    config: { ...config, auth: { oidc: { ...known, ...secret, ...oidc }, ...(config["auth"] as object | undefined) } },
    env: { TEST_CLIENT_SECRET: loginClient.secret, ...env },
  });
  await issuer.allowLogin([`${server.url}/login/callback`], login);
  return server;
}

/** For tests: what differs from a sign-in by default. */
export interface LoginServerRequest {
  readonly login?: LoginOptions;
  /** Keys of `auth.oidc`. */
  readonly oidc?: Readonly<Record<string, unknown>>;
}

/** For tests: goes to the sign-in, fills in the issuer's forms, and comes to where it is sent back to, without going there. */
export async function goThroughIssuer(browser: TestBrowser, url: string, name: string): Promise<string> {
  const isBack = (address: string): boolean => new URL(address).pathname === "/login/callback";
  const form = await browser.open(`${url}/login`, {}, isBack);
  if (isBack(form.url)) return form.url;
  const consent = await browser.submit(form, { login: name, password: "any" }, isBack);
  if (isBack(consent.url)) return consent.url;
  const back = await browser.submit(consent, {}, isBack);
  if (!isBack(back.url))
    throw new Error(`the issuer did not send the browser back: ${back.status} ${back.url}\n${back.text}`);
  return back.url;
}

/** For tests: signs in all the way; the answer is the page that the browser is on in the end. */
export async function signIn(browser: TestBrowser, url: string, name: string): Promise<BrowserAnswer> {
  return await browser.open(await goThroughIssuer(browser, url, name));
}

/** For tests: the newest entry of the audit trail. */
export async function lastAudit({ app }: TestServer): Promise<Readonly<Record<string, unknown>>> {
  const [entry] = await (await app.store()).listAudit({ limit: 1, newestFirst: true });
  return { ...entry };
}

/** For tests: "refused" where it was, as it is to be; else what happened. */
export function outcomeOf({ status, headers, text }: BrowserAnswer, browser: TestBrowser): string {
  const isPage = headers["content-type"] === "text/html; charset=utf-8" && text.includes("You were not signed in");
  return status === 403 && isPage && browser.cookie("mahavishnu") === undefined ? "refused" : `${status} ${text}`;
}
