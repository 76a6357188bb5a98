import { perform } from "../../../app/perform.ts";
import { listWorkflows } from "../../../app/use-cases/workflows.ts";
import { MahavishnuError } from "../../../lib/errors.ts";
import type { LoadedWorkflow } from "../../../workflows/load-workflows.ts";
import type { CheckContext } from "../../context.ts";
import { failForUserFile } from "../../summarise-user-file.ts";
import type { Outcome } from "../../types.ts";

/** Loads the workflows of the workspace. A file that is wrong stops no other, and no check of the engine. */
export async function judgeWorkflows(context: CheckContext): Promise<Outcome> {
  let loaded: readonly LoadedWorkflow[];
  try {
    loaded = await perform(await context.app(), listWorkflows, {});
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    return { ...failForUserFile(error), goOn: true };
  }
  const failures = loaded.flatMap((entry) => (entry.workflow === null ? [failForUserFile(entry.error)] : []));
  const [first] = failures;
  if (first === undefined) {
    const { length } = loaded;
    return { status: "pass", reason: `${length} ${length === 1 ? "workflow" : "workflows"} can be run` };
  }
  return {
    status: "fail",
    reason: failures.map(({ reason }) => reason).join("; "),
    evidence: failures.flatMap(({ evidence = [] }) => evidence),
    remediation: { ...first.remediation, command: "mahavishnu workflows validate" },
    goOn: true,
  };
}
