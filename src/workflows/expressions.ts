import { truthy } from "@actions/expressions/result";
import { MahavishnuError } from "../lib/errors.ts";
import { isJsonObject, type Json } from "../lib/json.ts";
import { compileExpression, type CompiledExpression } from "./compile-expression.ts";
import type { Contexts, LazyValue, Status } from "./contexts.ts";
import { evaluateExpression } from "./evaluate-expression.ts";
import { toJson } from "./expression-data.ts";
import { maxValueLength } from "./expression-functions.ts";
import { ExpressionProblem } from "./expression-problem.ts";
import { hasExpression, splitTemplate } from "./template.ts";
import type { Job, Step } from "./types.ts";

/** A text's pieces, parsed. */
type CompiledPart = string | CompiledExpression;

/** How many texts stay compiled: far more than a workspace has. */
const maxCompiled = 10_000;

/**
 * Evaluates the expressions of workflows. Each text is parsed once and kept; a text without an expression costs one search
 * for `${{` and a map without any is handed back as it is. One instance serves any number of runs.
 *
 * @example
 * new Expressions().interpolate("v${{ inputs.major }}", contexts); // "v24"
 */
export class Expressions {
  readonly #texts = new Map<string, readonly CompiledPart[]>();
  readonly #conditions = new Map<string, CompiledExpression>();
  /** Whether a map or list holds an expression anywhere; the maps of a workflow never change. */
  readonly #dynamic = new WeakMap<object, boolean>();
  readonly #lazyOfSteps = new WeakMap<
    Step,
    { readonly before: readonly LazyValue[]; readonly after: readonly LazyValue[] }
  >();

  /** The text with every expression replaced by its value, as text: null is empty, a list is `Array`, a map `Object`. */
  interpolate(text: string, contexts: Contexts): string {
    if (!hasExpression(text)) return text;
    let result = "";
    for (const part of this.#compile(text)) {
      result += typeof part === "string" ? part : evaluateExpression(part, contexts).coerceString();
      if (result.length > maxValueLength) {
        throw new MahavishnuError(
          "EXPRESSION_FAILED",
          `the text that begins ${JSON.stringify(text.slice(0, 40))} becomes longer than ${maxValueLength} characters`,
        );
      }
    }
    return result;
  }

  /** Like `interpolate`, but a text that is one expression and nothing else keeps the type of its value. */
  evaluate(text: string, contexts: Contexts): Json {
    if (!hasExpression(text)) return text;
    const [only, ...others] = this.#compile(text);
    if (only === undefined || typeof only === "string" || others.length > 0) return this.interpolate(text, contexts);
    return toJson(evaluateExpression(only, contexts));
  }

  /** Interpolates every text of a map, such as `env` and `outputs`. */
  interpolateAll(texts: Readonly<Record<string, string>>, contexts: Contexts): Readonly<Record<string, string>> {
    if (!this.#holdsExpression(texts)) return texts;
    return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, this.interpolate(text, contexts)]));
  }

  /** Evaluates every text in a value, at any depth; for `with`. */
  evaluateAll(value: unknown, contexts: Contexts): Json {
    if (typeof value === "string") return this.evaluate(value, contexts);
    // Whatever is no text came out of a YAML file or a plan and is JSON.
    if (typeof value !== "object" || value === null || !this.#holdsExpression(value)) return value as Json;
    if (Array.isArray(value)) return value.map((inner) => this.evaluateAll(inner, contexts));
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.evaluateAll(inner, contexts)]));
  }

  /**
   * Whether a condition holds. As with GitHub, one that calls no status function is read as `success() && (…)`; in `finally`,
   * whose steps run whatever the outcome, it is read as it stands.
   *
   * @param condition Without `${{ }}`, as in the intermediate form.
   */
  test(condition: string, contexts: Contexts, status: Status, place: "job" | "finally" = "job"): boolean {
    const compiled = this.#condition(condition);
    if (place === "job" && compiled.statusCalls.length === 0 && !status.success) return false;
    return truthy(evaluateExpression(compiled, contexts, status));
  }

  /**
   * The values of `repo` that must be computed before this step's texts are evaluated (`before`: its condition, environment
   * and work) and before its outputs are (`after`).
   */
  lazyValuesOfStep(step: Step): { readonly before: readonly LazyValue[]; readonly after: readonly LazyValue[] } {
    const known = this.#lazyOfSteps.get(step);
    if (known !== undefined) return known;
    const { action } = step;
    const work = action.kind === "run" ? [action.command, action.workingDirectory] : action.with;
    const before = new Set([
      ...(step.if === undefined ? [] : this.#condition(step.if).lazy),
      ...this.lazyValues([step.env, work]),
    ]);
    const found = { before: [...before], after: this.lazyValues(step.outputs) };
    this.#lazyOfSteps.set(step, found);
    return found;
  }

  /** The values of `repo` that must be computed before a job's outputs are evaluated. */
  lazyValuesOfOutputs(job: Job): readonly LazyValue[] {
    return this.lazyValues(job.outputs);
  }

  /** The values of `repo` that the texts in a value name, at any depth. */
  lazyValues(value: unknown): readonly LazyValue[] {
    if (typeof value === "string") {
      if (!hasExpression(value)) return [];
      return this.#compile(value).flatMap((part) => (typeof part === "string" ? [] : part.lazy));
    }
    if (typeof value !== "object" || value === null || !this.#holdsExpression(value)) return [];
    return [...new Set(Object.values(value).flatMap((inner) => this.lazyValues(inner)))];
  }

  #compile(text: string): readonly CompiledPart[] {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const compiled = explain(text, () =>
      splitTemplate(text).map((part) => (part.kind === "text" ? part.text : compileExpression(part.source))),
    );
    keep(this.#texts, text, compiled);
    return compiled;
  }

  #condition(condition: string): CompiledExpression {
    const known = this.#conditions.get(condition);
    if (known !== undefined) return known;
    const compiled = explain(condition, () => compileExpression(condition));
    keep(this.#conditions, condition, compiled);
    return compiled;
  }

  #holdsExpression(value: object): boolean {
    const known = this.#dynamic.get(value);
    if (known !== undefined) return known;
    const holds = Object.values(value).some((inner: unknown) => {
      if (typeof inner === "string") return hasExpression(inner);
      return (isJsonObject(inner) || Array.isArray(inner)) && this.#holdsExpression(inner);
    });
    this.#dynamic.set(value, holds);
    return holds;
  }
}

function keep<T>(known: Map<string, T>, text: string, compiled: T): void {
  if (known.size >= maxCompiled) known.clear();
  known.set(text, compiled);
}

/** Workflows are checked before they run, so this is met only by a form that was made by hand. */
function explain<T>(text: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    throw new MahavishnuError("EXPRESSION_FAILED", `${JSON.stringify(text)}: ${error.message}`, { cause: error });
  }
}
