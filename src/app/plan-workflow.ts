import { MahavishnuError } from "../lib/errors.ts";
import { makePlan } from "../engine/make-plan.ts";
import type { Plan } from "../engine/plan.ts";
import type { Fleet } from "../repositories/types.ts";
import { type SelectOptions, selectRepositories } from "../repositories/select-repositories.ts";
import type { Workflow } from "../workflows/types.ts";
import { showVisible } from "./access-policy.ts";
import type { AppContext } from "./app-context.ts";
import { readLastResults } from "./last-results.ts";
import { describeWorkflowFolder } from "./workflow-folder.ts";

/** What narrows or changes a workflow for one run. */
export interface PlanWishes {
  /** Inputs as text; the workflow's schema gives them their types. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Every sweep is narrowed to what this selects. */
  readonly select?: string;
  /** Takes the place of every sweep's `maxParallel`. */
  readonly maxParallel?: number;
}

/** Which workflow, and how. */
export interface PlanRunInput extends PlanWishes {
  readonly workflow: string;
}

/** Plans a workflow of the workspace. */
export async function planNamed(context: AppContext, input: PlanRunInput): Promise<Plan> {
  // Loaded here, since `exec` parses no workflow.
  const { loadWorkflow } = await import("../workflows/load-workflows.ts");
  const workflow = await loadWorkflow(await describeWorkflowFolder(context), input.workflow);
  return await planWorkflow(context, workflow, input);
}

/** Plans a workflow that is at hand. */
export async function planWorkflow(context: AppContext, workflow: Workflow, wishes: PlanWishes): Promise<Plan> {
  const { limits } = context.loaded.config;
  const fleet = await context.currentFleet();
  const lastResults = readLastResults(context);
  const pick = async (
    text: string | undefined,
    options: Pick<SelectOptions, "file" | "within">,
  ): Promise<Fleet["repositories"]> =>
    (await selectRepositories(fleet, text, { ...options, lastResults })).repositories;
  // What -s leaves out cannot stand in the way, whatever is wrong with it.
  const within = wishes.select === undefined ? undefined : namesOf(await pick(wishes.select, { file: "--select" }));
  if (within?.size === 0) throw await describeNothing(context, fleet, wishes.select);
  return await makePlan({
    workflow: withParallel(workflow, wishes.maxParallel),
    inputs: await readInputs(workflow, wishes.inputs),
    fleet,
    select: async (text, job) => await pick(text, { file: `${workflow.name}, sweep of ${job}`, within }),
    timeoutMs: limits.timeout,
    runTimeoutMs: limits.runTimeout,
  });
}

async function describeNothing(context: AppContext, fleet: Fleet, select = ""): Promise<MahavishnuError> {
  const { repositories } = await showVisible(context, "repos:read", fleet.repositories);
  const { explainUnmatched } = await import("./unmatched-terms.ts");
  const why = explainUnmatched(select, fleet, repositories).map((sentence) => `: ${sentence}`);
  return new MahavishnuError("PLAN_EMPTY", `--select picks no repository${why.join("")}`, {
    fix: "See `mahavishnu repos list`.",
  });
}

/** Checking inputs takes a validator of JSON Schema, which is only loaded where there is an input. */
async function readInputs(workflow: Workflow, given: PlanWishes["inputs"]): Promise<Plan["inputs"]> {
  if (Object.keys(workflow.inputs).length + Object.keys(given).length === 0) return {};
  const { resolveInputs } = await import("../workflows/inputs.ts");
  return resolveInputs(workflow, given);
}

function namesOf(repositories: Fleet["repositories"]): ReadonlySet<string> {
  return new Set(repositories.map(({ name }) => name));
}

function withParallel(workflow: Workflow, maxParallel: number | undefined): Workflow {
  if (maxParallel === undefined) return workflow;
  const jobs = workflow.jobs.map((job) =>
    job.sweep === undefined ? job : { ...job, sweep: { ...job.sweep, maxParallel } },
  );
  return { ...workflow, jobs };
}
