import { ExpressionProblem } from "./expression-problem.ts";

/** A piece of a text: as it stands, or the inside of `${{ }}` with its place in the text. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly source: string; readonly start: number };

/** Whether a text holds an expression. The one question that is asked for every text of every step. */
export function hasExpression(text: string): boolean {
  return text.includes("${{");
}

/**
 * Splits a text into its literal pieces and its expressions. As with GitHub, `}}` inside a quoted string does not end one.
 *
 * @throws ExpressionProblem where an expression is not closed.
 * @example
 * splitTemplate("v${{ inputs.major }}"); // [{ kind: "text", text: "v" }, { kind: "expression", source: " inputs.major ", start: 4 }]
 */
export function splitTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (let open = text.indexOf("${{"); open !== -1; open = text.indexOf("${{", from)) {
    if (open > from) parts.push({ kind: "text", text: text.slice(from, open) });
    const start = open + 3;
    const end = findClose(text, start);
    if (end === -1) {
      const range = { start: open, end: open + 3 };
      throw new ExpressionProblem("this expression is not closed", range, "write }} after it");
    }
    parts.push({ kind: "expression", source: text.slice(start, end), start });
    from = end + 2;
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

function findClose(text: string, from: number): number {
  let quoted = false;
  for (let index = from; index < text.length; index += 1) {
    const char = text[index];
    if (char === "'") quoted = !quoted;
    else if (!quoted && char === "}" && text[index + 1] === "}") return index;
  }
  return -1;
}
