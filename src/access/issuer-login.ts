import * as client from "openid-client";
import type { Secret } from "../lib/secret.ts";
import { AuthenticationError, quoteClaim } from "./authentication-error.ts";
import { askIssuer, expectIssuerUrl, type FetchLimits } from "./ask-issuer.ts";
import { messageOf } from "../lib/errors.ts";
import { isJsonObject } from "../lib/json.ts";
import { readDiscovery } from "./read-discovery.ts";
import type { Subject } from "./subject.ts";
import { type OidcRules, subjectOfClaims } from "./verify-oidc.ts";

/** How people sign in at an issuer. */
export interface LoginRules extends OidcRules {
  readonly clientId: string;
  readonly clientSecret: Secret | undefined;
  readonly scopes: readonly string[];
}

/** What only the one who began a sign-in may know of it until the issuer has answered. */
export interface LoginProof {
  readonly state: string;
  readonly nonce: string;
  /** The code verifier of PKCE. */
  readonly verifier: string;
  /** Where the issuer sends the browser back to. */
  readonly redirectUri: string;
}

/** Who has signed in. */
export interface SignedIn {
  readonly subject: Subject;
  /** Milliseconds since 1970: how long the issuer stands by what it has said. */
  readonly expiresAt: number;
}

/** Signs people in by the authorization code flow with PKCE. */
export interface IssuerLogin extends Disposable {
  /** Where to send the browser. @throws IssuerDownError */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly proof: LoginProof }>;
  /**
   * Who the issuer has signed in, from the address that it has sent the browser to.
   *
   * @throws AuthenticationError whose reason is for the audit trail; IssuerDownError.
   */
  finish(callback: URL, proof: LoginProof): Promise<SignedIn>;
}

/** The issuer could not be asked, or gave no answer that is one. The message is for the audit trail. */
export class IssuerDownError extends Error {
  override readonly name = "IssuerDownError";
}

/** The issuer's word about itself is asked for again after this, and after a failure sooner; milliseconds. */
const freshMs = 600_000;
const cooldownMs = 1_000;
const timeoutMs = 5_000;
const maxDocumentBytes = 256 * 1024;

/** @example const login = createIssuerLogin(rules, { now: Date.now }); */
export function createIssuerLogin(rules: LoginRules, { now }: { readonly now: () => number }): IssuerLogin {
  const closing = new AbortController();
  const limits: FetchLimits = { timeoutMs, maxBytes: maxDocumentBytes, signal: closing.signal };
  let known: { readonly reading: Promise<client.Configuration>; until: number } | undefined;

  const current = async (): Promise<client.Configuration> => {
    if (known === undefined || now() >= known.until) {
      const asked = { reading: configure(rules, limits), until: now() + freshMs };
      asked.reading.catch(() => (asked.until = now() + cooldownMs));
      known = asked;
    }
    try {
      return await known.reading;
    } catch (error) {
      throw new IssuerDownError(messageOf(error), { cause: error });
    }
  };

  return {
    begin: async (redirectUri) => {
      const config = await current();
      const proof = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        redirectUri,
      };
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: [...new Set(["openid", ...rules.scopes])].join(" "),
        state: proof.state,
        nonce: proof.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(proof.verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, proof };
    },
    finish: async (callback, { state, nonce, verifier, redirectUri }) => {
      const config = await current();
      const answer = new URL(redirectUri);
      answer.search = callback.search;
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
        const tokens = await client.authorizationCodeGrant(config, answer, checks);
        const own = tokens.claims();
        if (own === undefined) throw new AuthenticationError("the issuer gave no id token");
        const subject = subjectOfClaims(await completeClaims(config, rules, tokens.access_token, own), rules);
        const seconds = Math.max(0, tokens.expiresIn() ?? 0);
        return { subject, expiresAt: Math.max(own.exp * 1000, now() + seconds * 1000) };
      } catch (error) {
        throw explain(error);
      }
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}

async function configure(rules: LoginRules, limits: FetchLimits): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret, clockSkew } = rules;
  const found = await readDiscovery(issuer, limits);
  const { authorization_endpoint: page, token_endpoint: exchange } = found;
  if (typeof page !== "string" || typeof exchange !== "string") throw new Error("nobody can sign in at this issuer");
  // A browser is sent there, so it must be a place where one may be sent to.
  expectIssuerUrl(page);
  const metadata = { [client.clockTolerance]: clockSkew / 1000, use_mtls_endpoint_aliases: false };
  const config = new client.Configuration(
    found as unknown as client.ServerMetadata,
    clientId,
    metadata,
    authenticateClient(found["token_endpoint_auth_methods_supported"], clientSecret),
  );
  config[client.customFetch] = (address, options) => fetchGuarded(address, options, limits);
  config.timeout = timeoutMs / 1000;
  // Which URLs may be plain http: is decided by `askIssuer`: those of this machine alone.
  if (URL.parse(issuer)?.protocol === "http:") client.allowInsecureRequests(config);
  // The signature of the id token counts, and not only the connection that it came over.
  client.enableNonRepudiationChecks(config);
  return config;
}

function authenticateClient(methods: unknown, secret: Secret | undefined): client.ClientAuth {
  if (secret === undefined) return client.None();
  // What an issuer takes that names nothing, by OpenID Connect Discovery.
  const supported: readonly unknown[] = Array.isArray(methods) ? methods : ["client_secret_basic"];
  const authenticate = supported.includes("client_secret_basic") ? client.ClientSecretBasic : client.ClientSecretPost;
  return authenticate(secret.reveal());
}

async function fetchGuarded(
  address: string,
  { method, headers, body }: client.CustomFetchOptions,
  limits: FetchLimits,
): Promise<Response> {
  if (body !== undefined && body !== null && !(body instanceof URLSearchParams) && typeof body !== "string") {
    throw new TypeError("only a form is sent to an issuer");
  }
  const text = body === undefined || body === null ? {} : { body: String(body) };
  const answer = await askIssuer(address, { method, headers, ...text }, limits);
  const list = Object.entries(answer.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
  const hasBody = ![204, 205, 304].includes(answer.status);
  return new Response(hasBody ? answer.body : null, { status: answer.status, headers: list });
}

/** The claims of the id token, and those that the issuer tells only when asked (userinfo), where one that counts is not among them. */
async function completeClaims(
  config: client.Configuration,
  { subjectClaim, groupsClaim }: LoginRules,
  accessToken: string,
  own: client.IDToken,
): Promise<Readonly<Record<string, unknown>>> {
  const isWhole = Object.hasOwn(own, subjectClaim) && Object.hasOwn(own, groupsClaim);
  if (isWhole || config.serverMetadata().userinfo_endpoint === undefined) return own;
  const told: unknown = await client.fetchUserInfo(config, accessToken, own.sub);
  if (!isJsonObject(told)) throw new AuthenticationError("the issuer told nothing about the user");
  // Whether an address is verified is asked of whoever has named it.
  const verified = Object.hasOwn(own, "email") ? { email_verified: own["email_verified"] } : {};
  return { ...told, ...own, ...verified };
}

/** What the library says of an answer, for the audit trail: nothing of the issuer's or the browser's text but in quotes. */
function explain(error: unknown): Error {
  if (error instanceof AuthenticationError || error instanceof IssuerDownError) return error;
  if (error instanceof client.AuthorizationResponseError) {
    return new AuthenticationError(`the issuer has refused: ${quoteClaim(error.error)}`, { cause: error });
  }
  if (isClientRefused(error)) {
    // Nobody who signs in can mend it, and it passes when somebody else has.
    const text = "the issuer does not take the client: compare auth.oidc.clientId and auth.oidc.clientSecret with it";
    return new IssuerDownError(text, { cause: error });
  }
  if (error instanceof client.ResponseBodyError) {
    return new AuthenticationError(`the issuer takes no such code: ${quoteClaim(error.error)}`, { cause: error });
  }
  if (error instanceof client.ClientError && error.code !== undefined && !downCodes.has(error.code)) {
    return new AuthenticationError(`the issuer's answer does not hold: ${tellWhole(error)}`, { cause: error });
  }
  return new IssuerDownError(tellWhole(error), { cause: error });
}

/** RFC 6749 knows two ways to refuse a client. */
function isClientRefused(error: unknown): boolean {
  return error instanceof client.ResponseBodyError
    ? error.error === "invalid_client"
    : error instanceof client.WWWAuthenticateChallengeError && error.status === 401;
}

/** The library wraps what tells most. */
function tellWhole(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof Error ? `${messageOf(error)} (${quoteClaim(messageOf(cause))})` : messageOf(error);
}

const downCodes = new Set([
  "OAUTH_TIMEOUT",
  "OAUTH_ABORT",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_PARSE_ERROR",
  "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
]);
