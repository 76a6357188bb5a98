/** Secrets shorter than this are not masked: hiding every "ab" of an output would hide the output. */
const shortestMasked = 4;
/** Shorter pieces of base64 could be anything. */
const shortestPart = 6;
const shown = "***";

/** Replaces secrets in a stream of bytes. */
export interface Mask {
  /** The next bytes, with secrets replaced; the end may be kept back when it could begin a secret. */
  push(chunk: Buffer): Buffer;
  /** What was kept back. */
  end(): Buffer;
}

/** Hides a set of secrets, made once for any number of streams and texts. */
export interface Masking {
  /** A mask for one stream. */
  stream(): Mask;
  /** Masks a whole text. */
  text(text: string): string;
  /** There is nothing to hide. */
  readonly isEmpty: boolean;
}

/**
 * The texts under which a secret may appear: as it is, in JSON, URL-encoded, and in base64, also as a part of something longer.
 * Each line of a secret of several lines counts as a secret, since output is often indented or prefixed.
 */
export function formsOf(secret: string): string[] {
  const lines = secret.includes("\n") ? secret.split(/\r?\n/).map((line) => line.trim()) : [];
  const texts = [secret, ...lines].filter((text) => text.length >= shortestMasked);
  const forms = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
    ...base64FormsOf(Buffer.from(text)),
  ]);
  return [...new Set(forms)];
}

/**
 * Base64 in both alphabets, with and without padding. Inside something longer it depends on where among three bytes the secret
 * begins; there, only the characters that no neighbour decides can be looked for, and only where they are enough to tell it.
 */
function base64FormsOf(secret: Buffer): string[] {
  const whole = secret.toString("base64");
  const parts = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), secret]).toString("base64");
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + secret.length) * 8) / 6));
  });
  const forms = [whole, whole.replace(/=+$/, ""), ...parts.filter((part) => part.length >= shortestPart)];
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Makes a masking of secrets. */
export function createMasking(secrets: readonly string[]): Masking {
  const forms = [...new Set(secrets.flatMap(formsOf))].map((form) => makeForm(Buffer.from(form).toString("latin1")));
  const isEmpty = forms.length === 0;
  const stream = (): Mask => (isEmpty ? new NoMask() : new StreamMask(forms));
  const text = (whole: string): string => {
    if (isEmpty) return whole;
    const mask = stream();
    return Buffer.concat([mask.push(Buffer.from(whole)), mask.end()]).toString();
  };
  return { stream, text, isEmpty };
}

/** Where there is nothing to hide. */
class NoMask implements Mask {
  push(chunk: Buffer): Buffer {
    return chunk;
  }

  end(): Buffer {
    return Buffer.alloc(0);
  }
}

/**
 * A mask for one stream.
 *
 * @example
 * const mask = createMask(["hunter2"]);
 * mask.push(Buffer.from("password hunter2\n")); // "password ***\n"
 */
export function createMask(secrets: readonly string[]): Mask {
  return createMasking(secrets).stream();
}

/** Masks a whole text. */
export function maskText(text: string, secrets: readonly string[]): string {
  return createMasking(secrets).text(text);
}

/** A text to be hidden. `borders[n]` is the length of the longest proper beginning of its first n + 1 characters that also ends them. */
interface Form {
  readonly text: string;
  readonly borders: Int32Array;
}

function makeForm(text: string): Form {
  const borders = new Int32Array(text.length);
  for (let at = 1, length = 0; at < text.length; at += 1) {
    while (length > 0 && text[at] !== text[length]) length = borders[length - 1] as number;
    if (text[at] === text[length]) length += 1;
    borders[at] = length;
  }
  return { text, borders };
}

/**
 * Works on bytes (as latin1 text), so that a secret is found across chunk borders and in broken UTF-8. Every byte that belongs to
 * any occurrence is hidden, also where occurrences overlap: what overlaps is shown as one `***`.
 */
class StreamMask implements Mask {
  readonly #forms: readonly Form[];
  /** Bytes that could begin a secret, not shown yet. */
  #kept = "";
  /** How many of the kept bytes belong to an occurrence of which `***` was shown already. */
  #hidden = 0;

  constructor(forms: readonly Form[]) {
    this.#forms = forms;
  }

  push(chunk: Buffer): Buffer {
    const text = this.#kept + chunk.toString("latin1");
    const begun = this.#forms.reduce((longest, form) => Math.max(longest, lengthOfBegun(text, form)), 0);
    return this.#show(text, text.length - begun);
  }

  end(): Buffer {
    return this.#show(this.#kept, this.#kept.length);
  }

  /** Shows what comes before `until` and keeps the rest. Every occurrence that begins before `until` is complete in `text`. */
  #show(text: string, until: number): Buffer {
    let shownText = "";
    let at = this.#hidden;
    for (const [from, to] of findOccurrences(text, this.#forms)) {
      if (from >= until) break;
      if (from >= at) shownText += text.slice(at, from) + shown;
      at = Math.max(at, to);
    }
    if (at < until) shownText += text.slice(at, until);
    this.#kept = text.slice(until);
    this.#hidden = Math.max(0, at - until);
    return Buffer.from(shownText, "latin1");
  }
}

/** All occurrences of all forms, by their beginnings; overlapping ones too. */
function findOccurrences(text: string, forms: readonly Form[]): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const { text: form } of forms) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  }
  return found.length > 1 ? found.toSorted((a, b) => a[0] - b[0]) : found;
}

/** The length of the longest end of `text` that is a proper beginning of a form (Knuth, Morris, Pratt): linear, however often it nearly fits. */
function lengthOfBegun(text: string, { text: form, borders }: Form): number {
  let length = 0;
  for (let at = Math.max(0, text.length - form.length + 1); at < text.length; at += 1) {
    while (length > 0 && text[at] !== form[length]) length = borders[length - 1] as number;
    if (text[at] === form[length]) length += 1;
  }
  return length;
}
