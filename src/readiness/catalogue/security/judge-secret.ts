import { countChanges, entropy } from "../configuration/find-plain-text.ts";

/** The least length of `auth.secret`, in characters; the guide's own figure, itself included. */
export const leastSecretLength = 32;

/** What is wrong with a secret; undefined for a good one. Never holds any part of it. */
export interface SecretDefect {
  readonly kind: "short" | "placeholder" | "pattern";
  readonly text: string;
}

/** What people write where a secret should be, without its separators. */
const placeholders = [
  "changeme",
  "changethis",
  "replaceme",
  "replacethis",
  "placeholder",
  "yoursecret",
  "yourtoken",
  "yourpassword",
  "mysecret",
  "mypassword",
  "supersecret",
  "topsecret",
  "examplesecret",
  "defaultsecret",
  "insertsecret",
  "insecure",
  "donotuse",
  "todo",
  "password",
  "passw0rd",
  "letmein",
  "correcthorsebatterystaple",
];

/** Length in characters as they are configured; surrounding white space does not count. */
export function lengthOf(secret: string): number {
  return Array.from(secret.trim()).length;
}

/** Finds what no secret may be, whatever its length: a placeholder, or a pattern repeated. */
export function findSecretDefect(secret: string): SecretDefect | undefined {
  const text = secret.trim();
  const letters = text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const placeholder = placeholders.find((word) => letters.includes(word));
  if (placeholder !== undefined) return { kind: "placeholder", text: "it is a known placeholder" };
  if (isRepetition(text)) return { kind: "pattern", text: "it repeats a short pattern" };
  if (isSequence(text)) return { kind: "pattern", text: "it follows a sequence of characters" };
  return undefined;
}

/** Whether a part of at most half the length, repeated, makes the whole (the last time perhaps cut). */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    let at = period;
    while (at < text.length && text[at] === text[at - period]) at += 1;
    if (at === text.length) return true;
  }
  return false;
}

/** Whether more than half of the characters follow their neighbour by one, up or down: `abcdef…`, `98765…`. */
function isSequence(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1)) === 1) steps += 1;
  }
  return text.length > 2 && steps > (text.length - 1) / 2;
}

/**
 * Whether a secret is random beyond doubt, as a generator makes it. Quick; what it doubts is looked at more closely.
 *
 * @example
 * looksRandom(randomBytes(32).toString("base64url")); // true
 */
export function looksRandom(secret: string): boolean {
  const text = secret.trim();
  // Hexadecimal digits change their kind less often than base64 does; words hardly ever do.
  const share = /^[0-9a-f]+$/i.test(text) ? 0.15 : 0.3;
  return entropy(text) * text.length >= 100 && countChanges(text) >= text.length * share;
}
