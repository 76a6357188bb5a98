import { decodeProtectedHeader, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { AuthenticationError, quoteClaim } from "./authentication-error.ts";
import { isSubjectName, type Subject } from "./subject.ts";
import { explainJose } from "./verify-token.ts";

/** What is expected of tokens of an OIDC issuer; see `auth.oidc` of the configuration. */
export interface OidcRules {
  /** Exactly as tokens name it. */
  readonly issuer: string;
  readonly audience: string;
  readonly clientId?: string | undefined;
  readonly subjectClaim: string;
  readonly groupsClaim: string;
  /** Milliseconds. */
  readonly clockSkew: number;
}

/** Signatures that only the issuer can make. A shared secret is none: the issuer's public key would pass for one. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** What an access token may call itself: a logout token or another kind is no way in. */
const types = new Set([undefined, "jwt", "at+jwt", "application/at+jwt"]);

/** A token of the issuer that is good at this moment. */
export interface VerifiedOidcToken {
  readonly subject: Subject;
  /** Milliseconds since 1970; the issuer's clock may be off by the skew. */
  readonly expiresAt: number;
}

/**
 * Verifies a bearer token of the OIDC issuer.
 *
 * @throws AuthenticationError
 */
export async function verifyOidcToken(
  text: string,
  rules: OidcRules,
  { getKey, now }: { readonly getKey: JWTVerifyGetKey; readonly now: () => number },
): Promise<VerifiedOidcToken> {
  const { issuer, audience, clockSkew } = rules;
  const payload = await verify(text, getKey, { issuer, audience, clockSkew, now: now() });
  const { exp = 0, iat } = payload;
  if (iat !== undefined && iat * 1000 > now() + clockSkew) throw new AuthenticationError("it was made in the future");
  checkParty(payload, rules);
  return { subject: subjectOfClaims(payload, rules), expiresAt: exp * 1000 + clockSkew };
}

async function verify(
  text: string,
  getKey: JWTVerifyGetKey,
  { issuer, audience, clockSkew, now }: Pick<OidcRules, "issuer" | "audience" | "clockSkew"> & { readonly now: number },
): Promise<JWTPayload> {
  try {
    const { typ } = decodeProtectedHeader(text);
    if (!types.has(typ?.toLowerCase())) throw new AuthenticationError(`it is a ${quoteClaim(typ)}, no access token`);
    const { payload } = await jwtVerify(text, getKey, {
      algorithms,
      issuer,
      audience,
      requiredClaims: ["exp"],
      clockTolerance: clockSkew / 1000,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    throw explainJose(error);
  }
}

/** The client that the token was given to must be ours, where the configuration names one. */
function checkParty({ azp, aud }: JWTPayload, { clientId }: OidcRules): void {
  if (clientId === undefined) return;
  if (azp === undefined && Array.isArray(aud) && aud.length > 1) {
    throw new AuthenticationError("it is for several audiences and names no authorized party (azp)");
  }
  if (azp !== undefined && azp !== clientId) {
    throw new AuthenticationError(`it was given to another client (azp ${quoteClaim(azp)})`);
  }
}

/**
 * Who the issuer says it is. A group whose name nobody could bind, since it holds a space, is left out; a subject of such a name is
 * refused.
 *
 * @throws AuthenticationError
 */
export function subjectOfClaims(
  claims: Readonly<Record<string, unknown>>,
  { subjectClaim, groupsClaim }: Pick<OidcRules, "subjectClaim" | "groupsClaim">,
): Subject {
  const name = Object.hasOwn(claims, subjectClaim) ? claims[subjectClaim] : undefined;
  if (typeof name !== "string" || !isSubjectName(name)) {
    throw new AuthenticationError(`its claim ${subjectClaim} is no name of a subject: ${quoteClaim(name)}`);
  }
  // Whoever can write any address into their own account would else become anybody.
  if (subjectClaim === "email" && claims["email_verified"] !== true) {
    throw new AuthenticationError("its claim email is not verified by the issuer (email_verified)");
  }
  const groups = Object.hasOwn(claims, groupsClaim) ? claims[groupsClaim] : [];
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === "string")) {
    throw new AuthenticationError(`its claim ${groupsClaim} is no list of names`);
  }
  return { name: `user:${name}`, groups: [...new Set(groups.filter(isSubjectName))].map((group) => `group:${group}`) };
}
