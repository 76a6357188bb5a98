import type { Diagnostic } from "../lib/diagnostics.ts";
import type { ValuePath } from "../lib/explain-issues.ts";
import { type ConfigKey, isSecretKey, isSecretPath } from "./config-keys.ts";
import { isReference } from "./secret-source.ts";

const mask = "***";
const keyForm = /("[^"]*"|'[^']*'|[A-Za-z_][\w.-]*)\s*:(?=\s|$|[{["'])/g;

/**
 * Takes secrets out of a diagnostic that shows a line of a configuration file. A value is shown only after a key that
 * is known to hold no secret: a misspelt `secrte: hunter2`, or a line that is no YAML at all, is masked as well.
 *
 * @param path The path of the wrong value; undefined when the file could not be parsed.
 */
export function maskDiagnostic(
  diagnostic: Diagnostic,
  keys: readonly ConfigKey[],
  path: ValuePath | undefined,
): Diagnostic {
  const { sourceLine } = diagnostic;
  if (sourceLine === undefined) return diagnostic;
  const shown = shownLength(sourceLine, readWords(keys), path !== undefined && !isSecretPath(path.map(String), keys));
  const hidden = sourceLine.slice(shown);
  if (hidden.trim() === "" || holdsOnlyReference(hidden)) return diagnostic;
  const gap = /^\s*/.exec(hidden)?.[0] ?? "";
  return {
    ...diagnostic,
    // The YAML parser quotes the text it stumbles over; our own messages never quote a secret.
    message: path === undefined ? hideWords(diagnostic.message, hidden) : diagnostic.message,
    sourceLine: `${sourceLine.slice(0, shown)}${gap}${mask}`,
  };
}

/** A reference tells where the secret is, and not the secret. */
function holdsOnlyReference(text: string): boolean {
  const reference = /^\s*["']?(\$\{\w+:[^}]*\})["']?[\s,}\]]*$/.exec(text)?.[1];
  return reference !== undefined && isReference(reference);
}

/** The words of keys: after some, a value may be shown; others are maps that hold a secret, and only a map may. */
interface Words {
  readonly shown: ReadonlySet<string>;
  readonly holders: ReadonlySet<string>;
}

function readWords(keys: readonly ConfigKey[]): Words {
  const shown = new Set(["subject", "role", "where", "permissions", "extends", "description"]);
  const holders = new Set<string>();
  for (const key of keys) {
    const parents = key.path.slice(0, -1);
    // After `secrets:`, whatever follows may be one.
    const isHidden = isSecretKey(key) && key.path.includes("*");
    for (const word of isHidden ? [] : parents) shown.add(word);
    if (isSecretKey(key)) for (const word of parents) holders.add(word);
    else shown.add(key.path.at(-1) ?? "");
  }
  return { shown, holders };
}

function shownLength(line: string, { shown, holders }: Words, isPublic: boolean): number {
  let known = false;
  for (const match of line.matchAll(keyForm)) {
    known = true;
    const word = match[1]?.replaceAll(/["']/g, "") ?? "";
    const end = match.index + match[0].length;
    if (!shown.has(word) || (holders.has(word) && !/^\s*([{#]|$)/.test(line.slice(end)))) return end;
  }
  return known || isPublic ? line.length : 0;
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
