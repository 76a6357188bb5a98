import { perform } from "../../../app/perform.ts";
import { listWorkflows, type WorkflowList } from "../../../app/use-cases/workflows.ts";
import { MahavishnuError, UserFileError } from "../../../lib/errors.ts";
import type { CheckContext } from "../../context.ts";
import { failForUserFile } from "../../summarise-user-file.ts";
import type { Outcome } from "../../types.ts";

/** Loads the workflows of the workspace. A file that is wrong stops no other, and no check of the engine. */
export async function judgeWorkflows(context: CheckContext): Promise<Outcome> {
  let items: WorkflowList["items"];
  try {
    ({ items } = await perform(await context.app(), listWorkflows, {}));
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    return { ...failForUserFile(error), goOn: true };
  }
  const failures = items.flatMap((item) => (item.valid ? [] : [failForUserFile(new UserFileError(item.problems))]));
  const [first] = failures;
  if (first === undefined) {
    const { length } = items;
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
