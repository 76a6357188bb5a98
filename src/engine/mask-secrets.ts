/** Secrets shorter than this are not masked: hiding every "ab" of an output would hide the output. */
const shortestMasked = 4;

/** Replaces secrets in a stream of bytes. */
export interface Mask {
  /** The next bytes, with secrets replaced; the end may be kept back when it could begin a secret. */
  push(chunk: Buffer): Buffer;
  /** What was kept back. */
  end(): Buffer;
}

/** The texts under which a secret may appear: as it is, in base64 (both alphabets, with and without padding) and URL-encoded. */
export function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString("base64");
  const forms = [
    secret,
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(secret).toString("base64url"),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(forms)].filter((form) => form.length >= shortestMasked).toSorted((a, b) => b.length - a.length);
}

/**
 * A mask for step output. Works on bytes (as latin1 text), so that a secret is found across chunk borders and broken UTF-8.
 *
 * @example
 * const mask = createMask(["hunter2"]);
 * mask.push(Buffer.from("password hunter2\n")); // "password ***\n"
 */
export function createMask(secrets: readonly string[]): Mask {
  const forms = secrets.flatMap(formsOf).map((form) => Buffer.from(form).toString("latin1"));
  if (forms.length === 0) return { push: (chunk) => chunk, end: () => Buffer.alloc(0) };
  let kept = "";
  const replaceAll = (text: string): string => forms.reduce((masked, form) => masked.replaceAll(form, "***"), text);
  return {
    push: (chunk) => {
      const text = replaceAll(kept + chunk.toString("latin1"));
      const keep = lengthOfBegunSecret(text, forms);
      kept = keep === 0 ? "" : text.slice(-keep);
      return Buffer.from(keep === 0 ? text : text.slice(0, -keep), "latin1");
    },
    end: () => {
      const rest = Buffer.from(replaceAll(kept), "latin1");
      kept = "";
      return rest;
    },
  };
}

/** Masks a whole text. */
export function maskText(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap(formsOf)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, form) => masked.replaceAll(form, "***"), text);
}

/** How many characters at the end could be the beginning of a secret. */
function lengthOfBegunSecret(text: string, forms: readonly string[]): number {
  let longest = 0;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length > longest; length -= 1) {
      if (form.startsWith(text.slice(-length))) longest = length;
    }
  }
  return longest;
}
