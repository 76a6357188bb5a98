import {
  Binary,
  ContextAccess,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Unary,
} from "@actions/expressions/ast";
import { TokenType } from "@actions/expressions/lexer";
import { statusFunctions } from "./expression-functions.ts";
import type { InputSchema } from "./types.ts";

/**
 * Texts that no shell reads as anything but themselves, quoted or not. Settled: only such values may be pasted into a script.
 */
export const shellSafeText: RegExp = /^[A-Za-z0-9._:/@+-]*$/;

/**
 * Whether the value of an expression can be pasted into a script: whatever the run's values, it is a number, a boolean, a
 * member of an `enum` whose members are safe, a repository's name, another value of fixed form, or a text that the author of
 * the workflow wrote into the expression, who wrote the script as well.
 *
 * @example
 * isShellSafe(compileExpression("inputs.draft && '--draft' || ''").tree, inputs); // true
 */
export function isShellSafe(expression: Expr, inputs: Readonly<Record<string, InputSchema>>): boolean {
  const safe = (inner: Expr | undefined): boolean => inner !== undefined && isShellSafe(inner, inputs);
  if (expression instanceof Literal || expression instanceof Unary || expression instanceof Binary) return true;
  if (expression instanceof Grouping) return safe(expression.group);
  if (expression instanceof FunctionCall) return isCallSafe(expression, safe);
  if (expression instanceof Logical) {
    // `a && b` gives a only if a is falsy, and falsy values are '', 0, NaN, false and null; `a || b` may give either.
    return expression.operator.type === TokenType.AND ? safe(expression.args.at(-1)) : expression.args.every(safe);
  }
  const path = readPath(expression);
  return path !== undefined && isPathSafe(path, inputs);
}

const booleanFunctions = new Set(["contains", "startswith", "endswith", ...statusFunctions.keys()]);

function isCallSafe(call: FunctionCall, safe: (inner: Expr | undefined) => boolean): boolean {
  const name = call.functionName.lexeme.toLowerCase();
  if (booleanFunctions.has(name)) return true;
  if (name === "format") return call.args.every(safe);
  // case(condition, value, condition, value, …, default)
  return (
    name === "case" &&
    call.args.every((argument, index) => (index % 2 === 0 && index < call.args.length - 1) || safe(argument))
  );
}

/** The names of `a.b['c']` in lower case, or undefined when one of them is not known before a run. */
function readPath(expression: Expr): string[] | undefined {
  if (expression instanceof ContextAccess) return [expression.name.lexeme.toLowerCase()];
  if (!(expression instanceof IndexAccess) || !(expression.index instanceof Literal)) return undefined;
  const before = readPath(expression.expr);
  return before === undefined ? undefined : [...before, expression.index.literal.coerceString().toLowerCase()];
}

/** Values whose form is fixed by what makes them: hex digits, counters, names with a pattern, words of a short list. */
const fixedForms: readonly (readonly string[])[] = [
  ...["name", "index", "optional", "dirty", "base"].map((property) => ["repo", property]),
  ...["id", "workflow", "revision", "startedat"].map((property) => ["run", property]),
  ...["id", "status"].map((property) => ["job", property]),
  ...["outcome", "conclusion"].map((property) => ["steps", "*", property]),
  ["needs", "*", "result"],
  ["needs", "*", "targets", "*", "result"],
];

function isPathSafe(path: readonly string[], inputs: Readonly<Record<string, InputSchema>>): boolean {
  const fits = (form: readonly string[]): boolean =>
    form.length === path.length && form.every((part, index) => part === "*" || part === path[index]);
  if (path[0] !== "inputs") return fixedForms.some(fits);
  if (path.length !== 2) return false;
  const input = Object.entries(inputs).find(([name]) => name.toLowerCase() === path[1])?.[1];
  if (input === undefined) return false;
  if (Array.isArray(input["enum"])) return input["enum"].every((member) => shellSafeText.test(String(member)));
  return ["integer", "number", "boolean"].includes(String(input["type"]));
}
