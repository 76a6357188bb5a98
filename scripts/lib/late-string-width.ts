import type { Plugin } from "rolldown";
import { parseSync, Visitor } from "rolldown/utils";

/**
 * Makes the bundle set `string-width` up when the first text comes that is not plain ASCII. Its regular expressions over
 * tables of Unicode cost 25 ms, once for the check of the syntax and once for what they are: as much as all of Node's start.
 */
export function lateStringWidth(): Plugin {
  return {
    name: "late-string-width",
    transform: {
      filter: { id: /(?:node_modules\/string-width\/index\.js|src\/cli\/terminal\/text-width\.ts)$/ },
      handler: (code, id) => ({ code: id.endsWith(".ts") ? requireLate(code) : unwriteRegExps(code) }),
    },
  };
}

/**
 * A module that is required instead of imported is run by the first call.
 *
 * @throws Error when the import has changed, so that an edit does not quietly lose this.
 */
export function requireLate(code: string): string {
  const line = 'import stringWidth from "string-width";';
  if (!code.includes(line)) throw new Error(`text-width.ts no longer has the line: ${line}`);
  return code.replace(line, 'const stringWidth = (text) => require("string-width").default(text);');
}

/**
 * Regular expressions made by a call instead of written: the syntax of those that are written is checked while the file is
 * read, also in a function that is never called.
 *
 * @example
 * unwriteRegExps("const a = /\\d+/v;"); // 'const a = new RegExp("\\\\d+", "v");'
 */
export function unwriteRegExps(code: string): string {
  const found: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  new Visitor({
    Literal: (node) => {
      if (!("regex" in node)) return;
      const { pattern, flags } = node.regex;
      const text = `new RegExp(${JSON.stringify(pattern)}, ${JSON.stringify(flags)})`;
      found.push({ start: node.start, end: node.end, text });
    },
  }).visit(parseSync("module.js", code).program);
  return found.reduceRight((result, { start, end, text }) => result.slice(0, start) + text + result.slice(end), code);
}
