import type { Plan } from "../../engine/plan.ts";
import { planNamed, type PlanRunInput } from "../plan-workflow.ts";
import { definePreparedUseCase } from "../use-case.ts";

/** `plan WORKFLOW`: what a run would do, without doing it. */
export const planRun = definePreparedUseCase<PlanRunInput, Plan, Plan>({
  name: "planRun",
  permission: "workflows:read",
  writes: false,
  prepare: planNamed,
  resource: ({ workflow, repositories }) => ({
    name: `workflow:${workflow.name}`,
    repositories: Object.keys(repositories),
  }),
  run: async (_context, plan) => await Promise.resolve(plan),
});
