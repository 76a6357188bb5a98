import type { RunExtent } from "../store/contract.ts";
import type { Plan } from "./plan.ts";

/** What a run of a plan is about, for lists. */
export function describeExtent({ repositories, workflow }: Plan): RunExtent {
  return { repositories: Object.keys(repositories), jobs: workflow.jobs.map(({ id }) => id) };
}
