import type { SelectorNode } from "./ast.ts";

const bare = /^[^\s()&|"',\\]+$/u;

/**
 * The text of a parsed selector, in one fixed form: single spaces, parentheses only where they are needed.
 *
 * @example
 * printSelector(parseSelector("( role:a )&&(tag:b||dirty)", "--select")); // "role:a && (tag:b || dirty)"
 */
export function printSelector(node: SelectorNode<string>): string {
  switch (node.kind) {
    case "term":
      return node.value === "" ? node.term : `${node.term}:${printValue(node.value)}`;
    case "name":
      return `@${node.name}`;
    case "not":
      return `!${printItem(node.item, "not")}`;
    case "and":
      return node.items.map((item) => printItem(item, "and")).join(" && ");
    case "or":
      return node.items.map((item) => printItem(item, "or")).join(" || ");
  }
}

/** An item with parentheses when it would else be read with another meaning or another shape. */
function printItem(item: SelectorNode<string>, parent: "not" | "and" | "or"): string {
  const text = printSelector(item);
  const alone =
    item.kind === "term" || item.kind === "name" || item.kind === "not" || (parent === "or" && item.kind === "and");
  return alone ? text : `(${text})`;
}

function printValue(value: string): string {
  return bare.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
