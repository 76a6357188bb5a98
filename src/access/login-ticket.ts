import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Secret } from "../lib/secret.ts";

/** A sign-in that is under way, as the browser keeps it: sealed, so that any server of the workspace can go on with it. */
export interface LoginTicket {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  /** The local path that the browser goes to afterwards. */
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** How long a sign-in may take; milliseconds. */
export const loginMs = 600_000;

const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const maxLength = 4_000;
const aad = Buffer.from("mahavishnu login v1");

/** Seals a ticket by AES-256-GCM under a key of its own, which HKDF makes from the secret and a random salt. */
export function sealTicket(secret: Secret, ticket: LoginTicket): string {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", deriveKey(secret, salt), nonce).setAAD(aad);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(ticket), "utf8"), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** The ticket, or null when it is none of ours, was changed, or has expired. */
export function openTicket(secret: Secret, text: string, now: number): LoginTicket | null {
  if (text.length > maxLength || !/^[\w-]+$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length < saltBytes + nonceBytes + tagBytes) return null;
  const salt = bytes.subarray(0, saltBytes);
  const rest = bytes.subarray(saltBytes);
  const nonce = rest.subarray(0, nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", deriveKey(secret, salt), nonce, { authTagLength: tagBytes });
  decipher.setAAD(aad).setAuthTag(rest.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const content = Buffer.concat([decipher.update(rest.subarray(nonceBytes + tagBytes)), decipher.final()]);
    // What opens was written here.
    const ticket = JSON.parse(content.toString("utf8")) as LoginTicket;
    return ticket.expiresAt > now ? ticket : null;
  } catch {
    return null;
  }
}

function deriveKey(secret: Secret, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", secret.reveal(), salt, "mahavishnu login v1", 32));
}
