/** A place where a secret seems to stand in plain text. Holds nothing of the secret. */
export interface PlainTextSecret {
  /** From 1. */
  readonly line: number;
  /** What it looks like: `the value of "password"`. */
  readonly what: string;
}

/** Tokens that providers mark so that they can be found. */
const marked: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, "a private key"],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,})/, "a GitHub token"],
  [/\bglpat-[\w-]{20}/, "a GitLab token"],
  [/\bnpm_[A-Za-z0-9]{36}\b/, "an npm token"],
  [/\bxox[abeoprs]-[\w-]{10,}/, "a Slack token"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS access key"],
  [/\bAIza[\w-]{35}\b/, "a Google API key"],
  [/\b[rs]k_live_\w{20,}/, "a Stripe key"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, "a JSON web token"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"]*:(?!\$\{|\*{3})[^\s/@'"]{3,}@/i, "a password in a URL"],
];

/** A key that ends with a word for a secret, and its value as far as it is one word. */
const named =
  /(?:^|[\s{,"'-])["']?([\w.-]*(?:secret|password|passwd|passphrase|token|api[_-]?key|private[_-]?key|credentials?))["']?\s*[:=]\s*(["']?)([^\s"',}#]+)\2/gi;

/** Values that a key may have without being a secret: references, paths, switches, and names of things. */
const harmless = /^(?:\$|\*+$|[.~]?\/|true$|false$|null$|~$|\d+(?:\.\d+)?[A-Za-z]{0,3}$|[|>&!])/;

/** Words long enough to be keys. */
const longWord = /[A-Za-z0-9+/_=-]{24,}/g;

/**
 * Finds what looks like a secret in plain text, by its mark, by the name of its key, or by its randomness. Quick and
 * without any library: most files hold nothing like it.
 *
 * @example
 * findPlainText("password: hunter2hunter2"); // [{ line: 1, what: 'the value of "password"' }]
 */
export function findPlainText(text: string): readonly PlainTextSecret[] {
  return text.split("\n").flatMap((content, index) => {
    const what = describeLine(content);
    return what === undefined ? [] : [{ line: index + 1, what }];
  });
}

function describeLine(line: string): string | undefined {
  const mark = marked.find(([pattern]) => pattern.test(line));
  if (mark !== undefined) return mark[1];
  for (const [, key = "", , value = ""] of line.matchAll(named)) {
    if (value.length >= 8 && !harmless.test(value)) return `the value of "${key}"`;
  }
  for (const [word] of line.matchAll(longWord)) if (isRandom(word)) return "a word that looks like a key";
  return undefined;
}

/** Capitals, small letters and digits in a mixture that no name, path or hash of a commit has. */
function isRandom(word: string): boolean {
  if (!/[a-z]/.test(word) || !/[A-Z]/.test(word) || !/\d/.test(word)) return false;
  // Paths and names are made of words; in a key the kind of character changes all the time.
  return entropy(word) >= 4 && countChanges(word) >= word.length * 0.33;
}

/** Whether anything in a text could be a token of some provider: only then is a heavy opinion asked for. */
export function mayHoldToken(text: string): boolean {
  return text.split(/[^A-Za-z0-9+/_=-]+/).some((word) => word.split("/").some(isTokenLike) || isMixed(word));
}

/** A long word with letters and digits: names of things have one of both, or none. */
function isTokenLike(word: string): boolean {
  return word.length >= 20 && /\d.*\d.*\d/.test(word) && /[A-Za-z]/.test(word);
}

/** Base64 has slashes as paths have, but is not made of words. */
function isMixed(word: string): boolean {
  return isTokenLike(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) && countChanges(word) >= word.length * 0.25;
}

/** Shannon's entropy in bits for each character. */
export function entropy(text: string): number {
  const counts = Map.groupBy(text, (character) => character);
  return [...counts.values()].reduce((sum, { length }) => {
    const share = length / text.length;
    return sum - share * Math.log2(share);
  }, 0);
}

/** How often the kind of character (small letter, capital, digit) changes from one to the next; what separates words does not count. */
export function countChanges(text: string): number {
  const kinds = Array.from(text, kindOf).filter((kind) => kind !== "other");
  return kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length;
}

function kindOf(character: string): "small" | "capital" | "digit" | "other" {
  if (/[a-z]/.test(character)) return "small";
  if (/[A-Z]/.test(character)) return "capital";
  return /\d/.test(character) ? "digit" : "other";
}
