import type { Diagnostic } from "../lib/diagnostics.ts";
import type { ConfigKey } from "./config-keys.ts";

const mask = "***";
const keyForm = /("[^"]*"|'[^']*'|[A-Za-z_][\w.-]*)\s*:(?=\s|$|[{["'])/g;

/**
 * Takes secrets out of a diagnostic that shows a line of a configuration file. A value is shown only after a key that
 * is known to hold no secret: a misspelt `secrte: hunter2`, or a line that is no YAML at all, is masked as well.
 *
 * @param isPlace True when the place is known to be a value that is no secret, so that a line without a key may be shown.
 */
export function maskDiagnostic(diagnostic: Diagnostic, keys: readonly ConfigKey[], isPlace: boolean): Diagnostic {
  const { sourceLine } = diagnostic;
  if (sourceLine === undefined) return diagnostic;
  const shown = shownLength(sourceLine, publicWords(keys), isPlace);
  const hidden = sourceLine.slice(shown);
  if (hidden.trim() === "") return diagnostic;
  const gap = /^\s*/.exec(hidden)?.[0] ?? "";
  return {
    ...diagnostic,
    message: hideWords(diagnostic.message, hidden),
    sourceLine: `${sourceLine.slice(0, shown)}${gap}${mask}`,
  };
}

/** Words of keys that hold no secret and have none below them that a word alone would not show. */
function publicWords(keys: readonly ConfigKey[]): ReadonlySet<string> {
  const words = new Set(["subject", "role", "where"]);
  for (const { path, docs } of keys) {
    const last = docs.text === "secret" ? path.length - 1 : path.length;
    for (const part of path.slice(0, last)) words.add(part);
  }
  words.delete("secrets");
  return words;
}

function shownLength(line: string, words: ReadonlySet<string>, isPlace: boolean): number {
  const comment = /^\s*#/.test(line);
  let known = comment;
  for (const match of line.matchAll(keyForm)) {
    if (comment) break;
    known = true;
    const word = match[1]?.replaceAll(/["']/g, "") ?? "";
    if (!words.has(word)) return match.index + match[0].length;
  }
  return known || isPlace ? line.length : 0;
}

/** Messages of the YAML parser quote the text; whatever they quote of the hidden part goes. */
function hideWords(message: string, hidden: string): string {
  const words = [...new Set(hidden.match(/[^\s"'`{}[\],:]{3,}/g))].toSorted((a, b) => b.length - a.length);
  let text = message;
  for (const word of words) {
    const bare = word.replace(/^[^\w]+/, "");
    text = text.replaceAll(word, mask);
    if (bare.length >= 3) text = text.replaceAll(bare, mask);
  }
  return text;
}
