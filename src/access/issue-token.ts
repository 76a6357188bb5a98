import { hash } from "node:crypto";
import { SignJWT } from "jose";
import type { TokenRegister } from "../store/identity-contract.ts";
import type { KeyRing } from "./key-ring.ts";

/** The `typ` of our tokens: a token made for something else, by whomever, is none of ours. */
export const tokenType = "mahavishnu+jwt";

/** A token to be made. */
export interface TokenRequest {
  /** See `newTokenId`. */
  readonly id: string;
  /** `user:dana` or `service:ci`; see `isTokenSubject`. */
  readonly subject: string;
  readonly name: string | null;
  readonly role: string | null;
  readonly scope: string | null;
  /** Milliseconds. */
  readonly ttlMs: number;
  readonly createdBy: string;
}

/** What tokens are made with. */
export interface IssuerParts {
  readonly ring: KeyRing;
  readonly register: Pick<TokenRegister, "addToken">;
  readonly issuer: string;
  readonly audience: string;
  readonly now: () => number;
}

/** A new token: its text is nowhere else, and cannot be shown again. */
export interface IssuedToken {
  readonly text: string;
  readonly expiresAt: number;
}

/** Makes a token and registers it; it counts when this resolves. */
export async function issueToken(request: TokenRequest, parts: IssuerParts): Promise<IssuedToken> {
  const { ring, register, issuer, audience, now } = parts;
  const { id, subject, name, role, scope, createdBy } = request;
  const { kid, algorithm, key } = await ring.signingKey();
  // A JWT counts in whole seconds.
  const issued = Math.floor(now() / 1000);
  const expires = issued + Math.ceil(request.ttlMs / 1000);
  const text = await new SignJWT({})
    .setProtectedHeader({ alg: algorithm, kid, typ: tokenType })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setJti(id)
    .setIssuedAt(issued)
    .setNotBefore(issued)
    .setExpirationTime(expires)
    .sign(key);
  const times = { createdAt: issued * 1000, expiresAt: expires * 1000 };
  await register.addToken({ id, subject, name, role, scope, kid, hash: hashToken(text), createdBy, ...times });
  return { text, expiresAt: times.expiresAt };
}

/** SHA-256 of a token's text, in hex: what the store keeps of it. */
export function hashToken(text: string): string {
  return hash("sha256", text);
}
