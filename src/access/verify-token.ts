import { timingSafeEqual } from "node:crypto";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { messageOf } from "../lib/errors.ts";
import type { TokenRegister, TokenRow } from "../store/identity-contract.ts";
import { AuthenticationError, type ProvedToken, quoteClaim } from "./authentication-error.ts";
import { tokenType } from "./issue-token.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Subject } from "./subject.ts";

/** What our own tokens are verified with. */
export interface VerifierParts {
  readonly ring: KeyRing;
  readonly register: Pick<TokenRegister, "getToken">;
  readonly issuer: string;
  readonly audience: string;
  readonly now: () => number;
}

/** A token of ours that is good at this moment. */
export interface VerifiedToken {
  readonly id: string;
  readonly subject: Subject;
  readonly expiresAt: number;
}

/**
 * Verifies the signature, the claims and the register's word about a token.
 *
 * @param hash SHA-256 of the token's text, in hex.
 * @throws AuthenticationError
 */
export async function verifyToken(
  text: string,
  hash: string,
  kid: unknown,
  parts: VerifierParts,
): Promise<VerifiedToken> {
  if (typeof kid !== "string") throw new AuthenticationError("it names no signing key");
  const key = await parts.ring.verifyingKey(kid.slice(0, 100));
  if ("refusal" in key) throw new AuthenticationError(key.refusal);
  const payload = await verifySignature(text, key, parts);
  const { jti = "", sub = "" } = payload;
  const row = await parts.register.getToken(jti);
  const token: ProvedToken = { id: jti, subject: sub };
  if (row === null) throw new AuthenticationError("it is not in the register", { token });
  if (row.kid !== key.kid || row.subject !== sub || !sameText(row.hash, hash)) {
    throw new AuthenticationError("the register has another token under its id", { token });
  }
  return judgeRow(row, parts.now());
}

/**
 * What the register says about a token that was verified before: for tokens whose signature is known to be good.
 *
 * @throws AuthenticationError
 */
export async function verifyAgain(id: string, parts: VerifierParts): Promise<VerifiedToken> {
  const row = await parts.register.getToken(id);
  if (row === null) throw new AuthenticationError("it is not in the register");
  return judgeRow(row, parts.now());
}

function judgeRow(row: TokenRow, time: number): VerifiedToken {
  const { id, subject, role, scope, expiresAt } = row;
  const token: ProvedToken = { id, subject };
  if (row.revokedAt !== null) {
    const by = quoteClaim(row.revokedBy);
    throw new AuthenticationError(`it was revoked by ${by} at ${new Date(row.revokedAt).toISOString()}`, { token });
  }
  if (row.keyEndedAt !== null) throw new AuthenticationError(`its signing key ${row.kid} was ended`, { token });
  if (expiresAt <= time) throw expired(expiresAt, token);
  const binding = role === null ? null : { role, ...(scope === null ? {} : { where: scope }) };
  return { id, subject: { name: subject, groups: [], token: { id, binding } }, expiresAt };
}

async function verifySignature(
  text: string,
  { key, algorithm }: { readonly key: Parameters<typeof jwtVerify>[1]; readonly algorithm: string },
  { issuer, audience, now }: VerifierParts,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(text, key, {
      algorithms: [algorithm],
      issuer,
      audience,
      typ: tokenType,
      requiredClaims: ["exp", "nbf", "iat", "jti", "sub"],
      currentDate: new Date(now()),
    });
    return payload;
  } catch (error) {
    throw explainJose(error);
  }
}

/** What jose found, in words for the audit trail. */
export function explainJose(error: unknown): AuthenticationError {
  if (error instanceof AuthenticationError) return error;
  if (error instanceof errors.JWTExpired) {
    const { exp } = error.payload;
    if (exp !== undefined) return expired(exp * 1000, null, error);
  }
  const known = error instanceof errors.JOSEError ? plainWords[error.code] : undefined;
  return new AuthenticationError(known ?? messageOf(error), { cause: error });
}

const plainWords: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "its signature is wrong",
  ERR_JOSE_ALG_NOT_ALLOWED: "it is signed with another algorithm than its key",
  ERR_JWS_INVALID: "it is no signed token",
  ERR_JWT_INVALID: "it is no token with claims",
  ERR_JWKS_NO_MATCHING_KEY: "the issuer has no key that it names",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "it does not say which key of the issuer has signed it",
};

function expired(at: number, token: ProvedToken | null, cause?: unknown): AuthenticationError {
  // A claim may hold any number, also one that no date has.
  const when = Math.abs(at) < 8.64e15 ? ` at ${new Date(at).toISOString()}` : "";
  return new AuthenticationError(`it expired${when}`, { token, cause });
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
