import { randomBytes } from "node:crypto";

/** Crockford's base32 in lower case: no i, l, o, u, so that ids can be read aloud and never spell a word. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new run id: 10 random base32 characters (50 bits). Order comes from the journal's `seq`, not from the id. */
export function newRunId(): string {
  let id = "";
  for (const byte of randomBytes(10)) id += alphabet.charAt(byte & 31);
  return id;
}
