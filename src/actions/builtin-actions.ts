import type { BuiltinAction } from "./define-action.ts";
import { gitCommit } from "./git-commit.ts";
import { httpRequest } from "./http-request.ts";
import { reportSummary } from "./report-summary.ts";

/** The actions that need no adapter, by name. */
export const builtinActions: ReadonlyMap<string, BuiltinAction> = new Map(
  [gitCommit, httpRequest, reportSummary].map((action) => [action.name, action]),
);
