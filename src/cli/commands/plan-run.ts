import { perform } from "../../app/perform.ts";
import { planRun } from "../../app/use-cases/plan-run.ts";
import type { Plan } from "../../engine/plan.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { PlanOptions } from "../command-options.ts";
import type { KeyValue } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu plan WORKFLOW`. */
export async function runPlan(options: PlanOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const { workflow, select } = options;
  const plan = await perform(app, planRun, {
    workflow,
    inputs: inputsOf(options.input),
    ...(select === undefined ? {} : { select }),
  });
  if (options.format === "json") writeJson(io.stdout, plan);
  else writeLines(io.stdout, showPlan(plan));
  return 0;
}

/** Inputs by name; the last of a name wins. */
export function inputsOf(given: readonly KeyValue[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((given ?? []).map(({ key, value }) => [key, value] as const));
}

function showPlan(plan: Plan): string[] {
  return plan.targets.map(({ key, after }) =>
    after.length === 0 ? key : `${key}  after ${after.map((wait) => wait.target).join(", ")}`,
  );
}
