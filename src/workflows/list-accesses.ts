import {
  Binary,
  ContextAccess,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Star,
  Unary,
} from "@actions/expressions/ast";
import type { Token } from "@actions/expressions/lexer";
import type { ContextName } from "./contexts.ts";
import { statusFunctions } from "./expression-functions.ts";

/** Characters of an expression's text. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/** One step of the way into a context: a name that is known before a run, or one that is not (`[x]`, `.*`). */
export type PathPart = ({ readonly kind: "name"; readonly name: string } | { readonly kind: "any" }) & TokenRange;

/** A place where an expression names a context: `steps.test.outputs.count`. */
export interface Access extends TokenRange {
  readonly context: ContextName;
  readonly path: readonly PathPart[];
}

/** A call of a status function. */
export interface StatusCall extends TokenRange {
  readonly name: string;
}

/** What an expression names. */
export interface Accesses {
  readonly accesses: readonly Access[];
  readonly statusCalls: readonly StatusCall[];
}

/** Lists the contexts and status functions that a parsed expression names. */
export function listAccesses(tree: Expr, rangeOf: (token: Token) => TokenRange): Accesses {
  const walk = new AccessWalk(rangeOf);
  walk.visit(tree);
  return walk;
}

class AccessWalk implements Accesses {
  readonly accesses: Access[] = [];
  readonly statusCalls: StatusCall[] = [];
  readonly #rangeOf: (token: Token) => TokenRange;

  constructor(rangeOf: (token: Token) => TokenRange) {
    this.#rangeOf = rangeOf;
  }

  visit(node: Expr): void {
    if (node instanceof ContextAccess || node instanceof IndexAccess) this.#visitAccess(node);
    else if (node instanceof FunctionCall) this.#visitCall(node);
    else if (node instanceof Grouping) this.visit(node.group);
    else if (node instanceof Unary) this.visit(node.expr);
    else if (node instanceof Binary) {
      this.visit(node.left);
      this.visit(node.right);
    } else if (node instanceof Logical) for (const inner of node.args) this.visit(inner);
  }

  #visitCall(node: FunctionCall): void {
    const name = node.functionName.lexeme.toLowerCase();
    if (statusFunctions.has(name)) this.statusCalls.push({ name, ...this.#rangeOf(node.functionName) });
    for (const inner of node.args) this.visit(inner);
  }

  #visitAccess(node: ContextAccess | IndexAccess): void {
    const indexes: Expr[] = [];
    let base: Expr = node;
    for (; base instanceof IndexAccess; base = base.expr) indexes.unshift(base.index);
    const path: PathPart[] = [];
    for (const index of indexes) path.push(this.#partOf(index));
    if (!(base instanceof ContextAccess)) return this.visit(base);
    const range = this.#rangeOf(base.name);
    const end = Math.max(range.end, ...path.map((part) => part.end));
    // The parser has let nothing pass here but names of contexts.
    const context = base.name.lexeme.toLowerCase() as ContextName;
    this.accesses.push({ context, path, start: range.start, end });
  }

  #partOf(index: Expr): PathPart {
    if (index instanceof Literal && index.token !== undefined) {
      const name = index.literal.coerceString();
      return { kind: "name", name, ...this.#rangeOf(index.token) };
    }
    if (!(index instanceof Star)) this.visit(index);
    return { kind: "any", start: 0, end: 0 };
  }
}
