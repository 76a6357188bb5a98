import { planRun } from "../../app/use-cases/plan-run.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { PlanOptions } from "../command-options.ts";
import type { KeyValue } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { renderPlan } from "../terminal/plan-view.ts";

/** `mahavishnu plan WORKFLOW`. */
export async function runPlan(options: PlanOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { workflow, select } = options;
  const plan = await door.perform(planRun, {
    workflow,
    inputs: inputsOf(options.input),
    ...(select === undefined ? {} : { select }),
  });
  if (options.format === "json") writeJson(io.stdout, plan);
  else writeLines(io.stdout, renderPlan(plan, io.stdout));
  return 0;
}

/** Inputs by name; the last of a name wins. */
export function inputsOf(given: readonly KeyValue[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((given ?? []).map(({ key, value }) => [key, value] as const));
}
