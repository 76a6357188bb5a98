/** What a piece of text means; a colour follows from it, and never means anything alone. */
export type Meaning = "good" | "warn" | "bad" | "dim" | "strong";

/** How text is shown where it goes. */
export interface TextStyle {
  /** Adds colour, or nothing. The text keeps its visible width. */
  readonly paint: (meaning: Meaning, text: string) => string;
  /** Makes text that came from outside safe to show. */
  readonly clean: (text: string) => string;
  /** Columns; Infinity when nobody looks. */
  readonly width: number;
}

/** Plain text as it is. */
export const plainStyle: TextStyle = { paint: (_, text) => text, clean: (text) => text, width: 100 };

/** Breaks a text into lines of at most `width` columns, at spaces; a longer word keeps its own line. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
