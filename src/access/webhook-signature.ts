import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { MahavishnuError } from "../lib/errors.ts";
import type { Secret } from "../lib/secret.ts";

/** How messages are signed. */
export type SignatureScheme = "standard" | "github";

/** The headers of a message, as Node tells them: one that came twice is a list, or texts joined by a comma. */
export type MessageHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a message shows to prove where it comes from. */
export interface SignedMessage {
  readonly headers: MessageHeaders;
  /** Byte for byte as it came. */
  readonly body: Uint8Array;
}

/** A message whose signature is right. */
export interface ProvedMessage {
  /** What tells it from all others and is covered by the signature; the same when it is sent again. */
  readonly id: string;
  /** Milliseconds since 1970 at which this very sending was signed; null where the scheme has no time stamp. */
  readonly sentAt: number | null;
}

/** What a signature is judged by. */
export interface SignatureRules {
  readonly scheme: SignatureScheme;
  /** Any of them counts. */
  readonly keys: readonly Buffer[];
  /** Milliseconds that a time stamp may be from now, before and after. */
  readonly windowMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Fewer bytes can be tried out from one captured message, on any machine. */
export const leastKeyBytes = 24;
/** As much as anybody's ids are long; it goes into the store. */
const idForm = /^[\x21-\x7E]{1,256}$/;
/** Signatures of one header that are looked at. */
const maxSignatures = 10;

/**
 * The key that a secret stands for: of `whsec_…` what its base64 says, as Standard Webhooks has it; of any other text its bytes.
 *
 * @param where the key of the configuration, for messages
 * @throws MahavishnuError WEBHOOK_SECRET
 */
export function readSigningKey(secret: Secret, where: string): Buffer {
  const text = secret.reveal();
  const encoded = text.startsWith("whsec_") ? text.slice("whsec_".length) : null;
  if (encoded !== null && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) {
    throw new MahavishnuError(
      "WEBHOOK_SECRET",
      `${where} begins with whsec_ and goes on with something that is no base64`,
    );
  }
  const key = encoded === null ? Buffer.from(text, "utf8") : Buffer.from(encoded, "base64");
  if (key.length >= leastKeyBytes) return key;
  throw new MahavishnuError("WEBHOOK_SECRET", `${where} has ${key.length} bytes, and ${leastKeyBytes} are needed`);
}

/**
 * The headers of Standard Webhooks for a message, with one signature for each key.
 *
 * @param timestamp seconds since 1970
 * @example
 * signMessage({ id: "msg_1", timestamp: 1_700_000_000, body: "{}", keys })["webhook-signature"]; // "v1,K5oZ…"
 */
export function signMessage({
  id,
  timestamp,
  body,
  keys,
}: {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
  readonly keys: readonly Buffer[];
}): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const content = Buffer.from(`${id}.${timestamp}.${body}`);
  const signatures = keys.map((key) => `v1,${createHmac("sha256", key).update(content).digest("base64")}`);
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signatures.join(" ") };
}

/**
 * Proves a message, or says why it does not count; the reason is for the audit trail and never for the sender. It takes as long
 * whatever is wrong: every key is tried, with something in the place of what is missing.
 */
export function proveMessage(
  message: SignedMessage,
  rules: SignatureRules,
): ProvedMessage | { readonly refused: string } {
  return rules.scheme === "github" ? proveGithub(message, rules) : proveStandard(message, rules);
}

function proveStandard({ headers, body }: SignedMessage, { keys, windowMs, now }: SignatureRules) {
  const id = oneHeader(headers, "webhook-id");
  const stamp = oneHeader(headers, "webhook-timestamp");
  const signature = oneHeader(headers, "webhook-signature");
  const head = Buffer.from(`${id ?? ""}.${stamp ?? ""}.`);
  // What stands before the comma is the version: v1 is HMAC-SHA256, and of others nothing is known here.
  const shown = (signature ?? "").split(" ", maxSignatures).flatMap((text) => {
    const [version, digest = ""] = text.split(",", 2);
    return version === "v1" ? [Buffer.from(digest, "base64")] : [];
  });
  const isRight = isSigned([head, body], shown, keys);
  if (id === undefined || stamp === undefined || signature === undefined) {
    return { refused: "it lacks one of webhook-id, webhook-timestamp and webhook-signature, or has one twice" };
  }
  if (!isRight) return { refused: "its signature is not right" };
  if (!idForm.test(id)) return { refused: "its id is no id" };
  if (!/^\d{1,11}$/.test(stamp)) return { refused: "its time stamp is no time" };
  const sentAt = Number(stamp) * 1000;
  if (sentAt < now - windowMs) return { refused: "its time stamp is too old" };
  if (sentAt > now + windowMs) return { refused: "its time stamp is in the future" };
  return { id, sentAt };
}

function proveGithub({ headers, body }: SignedMessage, { keys }: SignatureRules) {
  const id = oneHeader(headers, "x-github-delivery");
  const signature = oneHeader(headers, "x-hub-signature-256");
  const digest = /^sha256=([0-9a-f]{64})$/.exec(signature ?? "")?.[1] ?? "";
  const isRight = isSigned([body], [Buffer.from(digest, "hex")], keys);
  if (id === undefined || signature === undefined) {
    return { refused: "it lacks X-GitHub-Delivery or X-Hub-Signature-256, or has one twice" };
  }
  if (!isRight) return { refused: "its signature is not right" };
  if (!idForm.test(id)) return { refused: "its id is no id" };
  // GitHub signs the body alone: whoever has seen one message could send it again under another id.
  return { id: `sha256:${createHash("sha256").update(body).digest("hex")}`, sentAt: null };
}

/** Compares every signature with every key's, each in constant time and none left out. */
function isSigned(parts: readonly Uint8Array[], shown: readonly Buffer[], keys: readonly Buffer[]): boolean {
  let isRight = false;
  for (const key of keys) {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    for (const signature of shown) {
      const isSame = signature.length === expected.length && timingSafeEqual(signature, expected);
      isRight ||= isSame;
    }
  }
  return isRight;
}

/** A header that came exactly once: of two, nobody knows which one was signed. Node joins most that come twice by a comma and a blank. */
function oneHeader(headers: MessageHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" && !value.includes(", ") ? value : undefined;
}
