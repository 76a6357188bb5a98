import { newTokenId } from "../lib/ids.ts";
import { Secret } from "../lib/secret.ts";
import type { SqliteStore } from "../store/open-store.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { type Authenticator, type AuthenticatorParts, createAuthenticator } from "./authenticator.ts";
import { type IssuedToken, issueToken, type TokenRequest } from "./issue-token.ts";
import { openKeyRing } from "./key-ring.ts";

/** For tests: a secret of the configuration. */
export const testSecret = new Secret("a secret for tests, long enough to count");
export const testAuth = { algorithm: "EdDSA", issuer: "mahavishnu", audience: "mahavishnu" } as const;

/** For tests: everything by default, and what the test says otherwise. */
export type TestParts = Partial<Omit<AuthenticatorParts, "store">>;

/** An authenticator over a store. */
export function authenticatorOf(store: SqliteStore, parts: TestParts = {}): Authenticator {
  return createAuthenticator({ store, secret: testSecret, auth: testAuth, ...parts });
}

/** Makes a token: for `service:ci`, for an hour, unless the test says otherwise. */
export async function makeToken(
  store: SqliteStore,
  request: Partial<Omit<TokenRequest, "id">> = {},
  { secret = testSecret, auth = testAuth, now = Date.now }: TestParts = {},
): Promise<IssuedToken & { readonly id: string }> {
  const id = newTokenId();
  const ring = openKeyRing({ store, secret, algorithm: auth.algorithm, now });
  const whole = {
    id,
    subject: "service:ci",
    name: null,
    role: null,
    scope: null,
    ttlMs: 3_600_000,
    createdBy: "local:test",
  };
  return { id, ...(await issueToken({ ...whole, ...request }, { ring, register: store, ...auth, now })) };
}

/** Why a token was refused, or "accepted". What the caller is told must be the same whatever the reason. */
export async function refusalOf(authenticator: Authenticator, bearer: string): Promise<string> {
  try {
    await authenticator.authenticate(bearer, "10.0.0.9");
    return "accepted";
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error;
    if (error.message !== "the token is not valid" || error.code !== "UNAUTHENTICATED") throw error;
    return error.reason;
  }
}
