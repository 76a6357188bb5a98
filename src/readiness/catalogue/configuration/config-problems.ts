import type { ConfigProblem } from "../../../config/layer.ts";
import { ConfigError, type LoadedConfig } from "../../../config/load-config.ts";
import { MahavishnuError } from "../../../lib/errors.ts";
import type { CheckContext } from "../../context.ts";
import type { Evidence, Outcome } from "../../types.ts";

/** The configuration, or why there is none. */
export type ConfigState =
  | { readonly loaded: LoadedConfig }
  | { readonly loaded?: undefined; readonly problems: readonly ConfigProblem[] }
  /** No file, or one that cannot be read. */
  | { readonly loaded?: undefined; readonly problems?: undefined; readonly error: MahavishnuError };

/** Loads the configuration; that it is wrong is an answer. */
export async function readConfigState(context: CheckContext): Promise<ConfigState> {
  try {
    return { loaded: await context.config() };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    if (error instanceof MahavishnuError) return { error };
    throw error;
  }
}

/** The outcome of a check that looks for some kinds of problems. */
export async function judgeProblems(
  context: CheckContext,
  kinds: readonly ConfigProblem["kind"][],
  good: string,
): Promise<Outcome> {
  const state = await readConfigState(context);
  if (state.loaded !== undefined) return { status: "pass", reason: good };
  const { problems } = state;
  if (problems === undefined || problems.every(({ kind }) => kind === "unreadable")) {
    return { status: "notApplicable", reason: "the configuration cannot be read: see CFG001" };
  }
  const own = problems.filter(({ kind }) => kinds.includes(kind));
  return own.length === 0 ? { status: "pass", reason: good } : failWith(own);
}

/** A failure that names the first problem, and all of them as evidence. */
export function failWith(problems: readonly ConfigProblem[]): Outcome {
  const [first] = problems;
  if (first === undefined) throw new RangeError("a failure needs a problem");
  const { message, hint } = first.diagnostic;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return {
    status: "fail",
    reason: `${placeOf(first)}: ${message}${hint === undefined ? "" : `: ${hint}`}${more}`,
    evidence: problems.map((problem): Evidence => ({
      kind: "file",
      text: `${placeOf(problem)} ${problem.diagnostic.message}`,
    })),
  };
}

function placeOf({ diagnostic: { file, line, column } }: ConfigProblem): string {
  return `${file}:${line}:${column}`;
}
