import type { TextStyle } from "../../readiness/report/text-style.ts";
import { escapeControl } from "../../lib/escape-control.ts";
import type { Look } from "./look.ts";
import { type Meaning, paint } from "./palette.ts";

const meanings: Readonly<Record<Parameters<TextStyle["paint"]>[0], Meaning>> = {
  good: "good",
  warn: "warning",
  bad: "bad",
  dim: "faint",
  strong: "strong",
};

/** How a readiness report is shown on a stream: at most 100 columns, which is what eyes follow easily. */
export function reportStyle({ colour, width }: Pick<Look, "colour" | "width">): TextStyle {
  return {
    paint: (meaning, text) => (colour ? paint(meanings[meaning], text) : text),
    clean: escapeControl,
    width: Math.min(width, 100),
  };
}
