import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { AttemptScope } from "./scopes.ts";

/**
 * The environment of a step's processes: what this process hands on, then the repository's, the job's and the step's `env`, then
 * what the engine says about run and repository. The engine's own names always win.
 */
export async function stepEnvironment(scope: AttemptScope, outputsFile: string): Promise<Record<string, string>> {
  const { parts, repository, writer, texts, at } = scope;
  mkdirSync(dirname(outputsFile), { recursive: true, mode: 0o700 });
  return {
    ...parts.baseEnv,
    ...repository?.env,
    ...(await texts.environment(at.step)),
    ...(repository === null
      ? {}
      : {
          REPO_NAME: repository.name,
          REPO_PATH: scope.folder ?? repository.path,
          REPO_INDEX: String(repository.index),
          REPO_COUNT: String(Object.keys(writer.state.plan.repositories).length),
          REPO_ROLE: repository.role ?? "",
          REPO_BRANCH: repository.branch ?? "",
        }),
    MAHAVISHNU_RUN_ID: writer.state.id,
    MAHAVISHNU_IDEMPOTENCY_KEY: scope.idempotencyKey,
    MAHAVISHNU_OUTPUT: outputsFile,
  };
}
