import { styleText } from "node:util";

/** What a piece of text means; the palette gives it its colour. No colour ever says what the words do not. */
export type Meaning = "good" | "bad" | "warning" | "active" | "faint" | "strong";

/** The one place that knows colours. */
const palette = {
  good: "green",
  bad: "red",
  warning: "yellow",
  active: "cyan",
  faint: "dim",
  strong: "bold",
} as const satisfies Record<Meaning, Parameters<typeof styleText>[0]>;

/** Colours a text by its meaning. */
export function paint(meaning: Meaning, text: string): string {
  // The decision about colour was made already, from the flags; Node's own would make another one.
  return styleText(palette[meaning], text, { validateStream: false });
}
