import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { MahavishnuError } from "../lib/errors.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Secret } from "../lib/secret.ts";
import type { NewSigningKey } from "../store/identity-contract.ts";

/** Fewer characters than this can be guessed from a copy of the database. */
export const leastSecretLength = 32;

const nonceBytes = 12;
const tagBytes = 16;

/** The part of a key's row that is bound to its seal: change it, and the seal does not open. */
type KeyHead = Pick<NewSigningKey, "kid" | "algorithm" | "publicJwk">;

/** @throws MahavishnuError AUTH_SECRET when there is no secret to rest on. */
export function expectAuthSecret(secret: Secret | undefined): Secret {
  const length = secret?.reveal().length ?? 0;
  if (secret !== undefined && length >= leastSecretLength) return secret;
  const what = secret === undefined ? "is not set" : `has ${length} characters; it needs at least ${leastSecretLength}`;
  throw new MahavishnuError("AUTH_SECRET", `auth.secret ${what}`);
}

/**
 * Encrypts what only the secret of the configuration may open (AES-256-GCM). The key comes from the secret by HKDF, another one for
 * each row, so a nonce can never meet the same key twice.
 */
export function sealKey(secret: Secret, head: KeyHead, content: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", deriveKey(secret, head.kid, "seal"), nonce).setAAD(aadOf(head));
  const sealed = Buffer.concat([cipher.update(content, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** The content of a seal, or null when the secret is another one or the row was changed. */
export function openSeal(secret: Secret, head: KeyHead, sealed: string): string | null {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < nonceBytes + tagBytes) return null;
  const key = deriveKey(secret, head.kid, "seal");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(aadOf(head)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

/** 32 bytes for one use with one signing key; nothing can be told from them about the secret or the other uses. */
export function deriveKey(secret: Secret, kid: string, use: "seal" | "HS256"): Buffer {
  return Buffer.from(hkdfSync("sha256", secret.reveal(), kid, `mahavishnu ${use} v1`, 32));
}

function aadOf({ kid, algorithm, publicJwk }: KeyHead): Buffer {
  return Buffer.from(canonicalJson({ v: 1, kid, algorithm, publicJwk }));
}
