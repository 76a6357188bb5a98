/**
 * Characters that move the cursor, change the terminal or reorder the text around them: control characters, format
 * characters (except the two joiners that scripts and emoji need), line separators and halves of surrogate pairs.
 */
const unsafe = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const plain = /^[\x20-\x7E]*$/;

/**
 * Makes a text that came from outside safe to show in a line of a terminal: repository and branch names, output of
 * steps, messages of other programs. What could act on the terminal is shown as its escape.
 *
 * @example
 * escapeControl("a\u001b[2Jb"); // "a\\x1b[2Jb"
 */
export function escapeControl(text: string): string {
  if (plain.test(text)) return text;
  return text.replaceAll(unsafe, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    if (character === "\r") return "\\r";
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
