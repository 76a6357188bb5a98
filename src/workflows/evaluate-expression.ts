import type { ContextAccess, FunctionCall } from "@actions/expressions/ast";
import { BooleanData, Dictionary, type ExpressionData } from "@actions/expressions/data/index";
import { Evaluator } from "@actions/expressions/evaluator";
import { messageOf, MahavishnuError } from "../lib/errors.ts";
import type { CompiledExpression } from "./compile-expression.ts";
import { type Contexts, lazyValues, type ContextName, type LazyValue, type Status } from "./contexts.ts";
import { DataReader } from "./expression-data.ts";
import { expressionFunctions, statusFunctions } from "./expression-functions.ts";

/**
 * Evaluates a compiled expression with GitHub's semantics. Contexts are read only where the expression names them.
 *
 * @param status What `success()` and its like say; none of them may stand in the expression without it.
 * @throws MahavishnuError EXPRESSION_FAILED when a function refuses its arguments.
 */
export function evaluateExpression(
  compiled: CompiledExpression,
  contexts: Contexts,
  status: Status | null = null,
): ExpressionData {
  checkLazyValues(compiled, contexts);
  try {
    return new ContextEvaluator(compiled, contexts, status).evaluate();
  } catch (error) {
    const message = error instanceof RangeError ? "its values are too large or nested too deep" : messageOf(error);
    throw new MahavishnuError("EXPRESSION_FAILED", `\${{ ${compiled.source.trim()} }}: ${message}`, { cause: error });
  }
}

/** A lazy value that nobody computed would be null, and a condition on it quietly false. */
function checkLazyValues(compiled: CompiledExpression, { repo }: Contexts): void {
  if (compiled.lazy.length === 0 || repo === null) return;
  for (const value of compiled.lazy) {
    if (repo[propertyOf(value)] === undefined) throw new Error(`${value} was not computed before it was named`);
  }
}

function propertyOf(value: LazyValue): keyof typeof lazyValues {
  return value === lazyValues.dirty ? "dirty" : "diff";
}

const noContexts = new Dictionary();

class ContextEvaluator extends Evaluator {
  readonly #contexts: Contexts;
  readonly #status: Status | null;
  readonly #reader = new DataReader();

  constructor(compiled: CompiledExpression, contexts: Contexts, status: Status | null) {
    super(compiled.tree, noContexts);
    this.#contexts = contexts;
    this.#status = status;
  }

  override visitContextAccess(access: ContextAccess): ExpressionData {
    const value = this.#contexts[access.name.lexeme.toLowerCase() as ContextName];
    return this.#reader.read(value);
  }

  override visitFunctionCall(call: FunctionCall): ExpressionData {
    const name = call.functionName.lexeme.toLowerCase();
    const status = statusFunctions.get(name);
    if (status !== undefined) {
      if (this.#status === null) throw new Error(`${name}() can stand only in a condition`);
      return new BooleanData(status.test(this.#status));
    }
    const known = expressionFunctions.get(name);
    if (known === undefined) throw new Error(`unknown function ${name}()`);
    return known(call.args.map((argument) => this.eval(argument)));
  }
}
