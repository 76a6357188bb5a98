import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatTraceparent, spanIdOf, traceOfRun } from "../lib/trace-context.ts";
import { idempotencyKeyOf } from "./attempt-names.ts";
import type { AttemptScope } from "./scopes.ts";

/** The file in which an attempt's processes leave outputs. */
export function outputsFileOf({ run, fileBase }: AttemptScope): string {
  return join(run.runFolder, `${fileBase}.outputs`);
}

/**
 * What a step's processes get in their environment besides what this process hands on: the repository's, the job's and the step's
 * `env`, then what the engine says about run and repository. The engine's own names always win.
 */
export function stepEnvironment(scope: AttemptScope): Record<string, string> {
  const { run, target, repository, texts, at } = scope;
  const { plan, id } = run.writer.state;
  const outputsFile = outputsFileOf(scope);
  mkdirSync(dirname(outputsFile), { recursive: true, mode: 0o700 });
  return {
    ...repository?.env,
    ...texts.environment(at.step),
    ...(repository === null
      ? {}
      : {
          REPO_NAME: repository.name,
          REPO_PATH: scope.folder ?? repository.path,
          REPO_INDEX: String(repository.index),
          REPO_COUNT: String(Object.keys(plan.repositories).length),
          REPO_ROLE: repository.role ?? "",
          REPO_BRANCH: repository.branch ?? "",
        }),
    MAHAVISHNU_RUN_ID: id,
    MAHAVISHNU_IDEMPOTENCY_KEY: idempotencyKeyOf(id, target, at.step.id),
    MAHAVISHNU_OUTPUT: outputsFile,
    TRACEPARENT: traceparentOf(scope),
  };
}

/** Names the span of the attempt, so that what its processes trace lies under it. */
function traceparentOf({ run, target, at, number }: AttemptScope): string {
  const { id, traceparent } = run.writer.state;
  const trace = traceOfRun(id, traceparent, run.parts.traceRatio);
  return formatTraceparent({ ...trace, spanId: spanIdOf(id, target.key, at.step.id, String(number)) });
}
