import { randomUUID } from "node:crypto";

/** Crockford's base32 in lower case: no i, l, o, u, so that ids can be read aloud and never spell a word. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Characters of a run id. */
export const runIdLength = 10;

/** A new run id: 10 random base32 characters (50 bits). Order comes from the journal's `seq`, not from the id. */
export function newRunId(): string {
  // A UUID comes out of a pool, at a tenth of the price of random bytes; its first 32 and its last 48 bits are random.
  const digits = randomUUID();
  let [first, last] = [Number.parseInt(digits.slice(0, 8), 16), Number.parseInt(digits.slice(-8), 16)];
  let id = "";
  for (let n = 0; n < 5; n += 1) {
    id += alphabet.charAt(first & 31) + alphabet.charAt(last & 31);
    first >>>= 5;
    last >>>= 5;
  }
  return id;
}

/** A new id of a token, of the same form: short enough to be told over the telephone, and nothing that opens a door. */
export function newTokenId(): string {
  return newRunId();
}

/** A new id of a silence, of the same form. */
export function newSilenceId(): string {
  return newRunId();
}
