import { diagnosticAt } from "../lib/diagnostics.ts";
import type { ErrorCode } from "../lib/error-catalogue.ts";
import { UserFileError } from "../lib/errors.ts";
import type { Range } from "./ast.ts";

/** One wrong place of a selector's text. */
export interface SelectorProblem {
  readonly range: Range;
  readonly message: string;
  readonly hint?: string;
}

/** Carries a problem out of the parser. Never leaves this room: callers see a result or a `UserFileError`. */
export class SelectorProblemError extends Error {
  override readonly name = "SelectorProblemError";
  readonly problem: SelectorProblem;

  constructor(problem: SelectorProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Stops with a problem at a range. */
export function failAt(range: Range, message: string, hint?: string): never {
  throw new SelectorProblemError(hint === undefined ? { range, message } : { range, message, hint });
}

/** The error for problems of a text that stands on its own, such as the value of `--select`. */
export function selectorError(
  file: string,
  text: string,
  problems: readonly SelectorProblem[],
  { code, fix }: Blame = repositories,
): UserFileError {
  const diagnostics = problems.map(({ range, message, hint }) => diagnosticAt(file, text, range, message, hint));
  return new UserFileError(diagnostics, code, { fix });
}

/** The code under which a text is refused, and the advice. */
interface Blame {
  readonly code: ErrorCode;
  readonly fix: string;
}

const repositories: Blame = {
  code: "USER_FILE_INVALID",
  fix: "Mend the selector; `mahavishnu repos list --help` shows its terms.",
};
