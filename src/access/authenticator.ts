import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Secret } from "../lib/secret.ts";
import type { SigningAlgorithm, SigningKeyStore, TokenRegister } from "../store/identity-contract.ts";
import { AuthenticationError, quoteClaim } from "./authentication-error.ts";
import { createIssuerKeys, type IssuerKeyTimes } from "./issuer-keys.ts";
import { hashToken } from "./issue-token.ts";
import { openKeyRing } from "./key-ring.ts";
import { RecentMap } from "../lib/recent-map.ts";
import type { Subject } from "./subject.ts";
import { createTokenUses } from "./token-uses.ts";
import { type OidcRules, verifyOidcToken } from "./verify-oidc.ts";
import { explainJose, type VerifierParts, verifyAgain, verifyToken } from "./verify-token.ts";

/** What an authenticator is made of. */
export interface AuthenticatorParts {
  readonly store: TokenRegister & SigningKeyStore & { dataVersion(): number };
  /** `auth.secret`; see `expectAuthSecret`. */
  readonly secret: Secret;
  readonly auth: { readonly algorithm: SigningAlgorithm; readonly issuer: string; readonly audience: string };
  /** The OIDC issuer whose tokens count; none when left out. */
  readonly oidc?: OidcRules;
  readonly oidcTimes?: IssuerKeyTimes;
  readonly now?: () => number;
}

/** Who showed a token, proved. */
export interface Authenticated {
  readonly subject: Subject;
  /** The id of a token of this workspace; null for one of the OIDC issuer. */
  readonly tokenId: string | null;
  /** Milliseconds since 1970; from then on the token counts no more. */
  readonly expiresAt: number;
}

/** Tells who shows a token. */
export interface Authenticator extends AsyncDisposable {
  /**
   * Verifies a bearer token, ours or of the OIDC issuer.
   *
   * @param bearer what follows `Bearer ` in the header
   * @param from the address that asks, for "last used from"
   * @throws AuthenticationError (UNAUTHENTICATED) whose message tells nothing; its `reason` is for the audit trail. Whatever else is
   * thrown (the store is busy or damaged) is a refusal too.
   */
  authenticate(bearer: string, from: string): Promise<Authenticated>;
}

/** A token with the groups of a large company fits; what is longer is not looked at. */
const maxTokenLength = 16 * 1024;
const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** After this the signature is verified again, and the keys that count then; milliseconds. */
const rememberMs = 60_000;
const maxRemembered = 4_096;

interface Remembered extends Authenticated {
  /** What the register said is true while this stays. */
  readonly version: string;
  readonly until: number;
}

/**
 * Verifies tokens. One that was verified is remembered for a minute, by its hash; that it was revoked, in whichever process, is seen
 * at the next question.
 *
 * @example
 * await using authenticator = createAuthenticator({ store, secret, auth: config.auth });
 * const { subject } = await authenticator.authenticate(bearer, request.ip);
 */
export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { store, secret, auth, oidc, now = Date.now } = parts;
  const ring = openKeyRing({ store, secret, algorithm: auth.algorithm, now });
  const verifier: VerifierParts = { ring, register: store, issuer: auth.issuer, audience: auth.audience, now };
  const times = parts.oidcTimes === undefined ? {} : { times: parts.oidcTimes };
  const keys = oidc === undefined ? undefined : createIssuerKeys(oidc.issuer, { now, ...times });
  const uses = createTokenUses(store);
  const remembered = new RecentMap<string, Remembered>(maxRemembered);
  const versionNow = (): string => `${store.dataVersion()}.${store.identityVersion()}`;

  const verify = async (bearer: string, hash: string): Promise<Authenticated> => {
    const { issuer, kid } = readUnproved(bearer);
    if (issuer === auth.issuer) {
      const { id, subject, expiresAt } = await verifyToken(bearer, hash, kid, verifier);
      return { subject, tokenId: id, expiresAt };
    }
    if (oidc === undefined || keys === undefined || issuer !== oidc.issuer) {
      throw new AuthenticationError(`it is from an issuer that is not known here: ${quoteClaim(issuer)}`);
    }
    const verified = await verifyOidcToken(bearer, oidc, { getKey: keys.getKey, now });
    return { ...verified, tokenId: null };
  };

  const recall = async (hash: string, version: string): Promise<Authenticated | null> => {
    const found = remembered.get(hash);
    if (found === undefined) return null;
    if (now() >= Math.min(found.until, found.expiresAt)) {
      remembered.delete(hash);
      return null;
    }
    if (found.tokenId === null || found.version === version) return found;
    remembered.delete(hash);
    await verifyAgain(found.tokenId, verifier);
    remembered.set(hash, { ...found, version });
    return found;
  };

  return {
    authenticate: async (bearer, from) => {
      if (bearer.length > maxTokenLength || !tokenForm.test(bearer))
        throw new AuthenticationError("it is no signed token");
      const hash = hashToken(bearer);
      // Read before the register is: what changes meanwhile is seen next time.
      const version = versionNow();
      const recalled = await recall(hash, version);
      const { subject, tokenId, expiresAt } = recalled ?? (await verify(bearer, hash));
      const known = { subject, tokenId, expiresAt };
      if (recalled === null) remembered.set(hash, { ...known, version, until: now() + rememberMs });
      if (tokenId !== null) uses.note({ id: tokenId, time: now(), from });
      return known;
    },
    [Symbol.asyncDispose]: async () => {
      keys?.[Symbol.dispose]();
      await uses[Symbol.asyncDispose]();
    },
  };
}

/** Who a token says has made it: enough to choose the rules that it is verified by, and for nothing else. */
function readUnproved(bearer: string): { readonly issuer: unknown; readonly kid: unknown } {
  try {
    return { issuer: decodeJwt(bearer).iss, kid: decodeProtectedHeader(bearer).kid };
  } catch (error) {
    throw explainJose(error);
  }
}
