import { randomUUID } from "node:crypto";

/** Crockford's base32 in lower case: no i, l, o, u, so that ids can be read aloud and never spell a word. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new run id: 10 random base32 characters (50 bits). Order comes from the journal's `seq`, not from the id. */
export function newRunId(): string {
  // A UUID comes out of a pool, at a tenth of the price of random bytes; the two digits of its version and variant are left out.
  const digits = randomUUID().replaceAll("-", "");
  let id = "";
  for (const at of [0, 2, 4, 6, 8, 10, 18, 20, 22, 24])
    id += alphabet.charAt(Number.parseInt(digits.slice(at, at + 2), 16) & 31);
  return id;
}
