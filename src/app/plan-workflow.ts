import { MahavishnuError } from "../lib/errors.ts";
import { makePlan } from "../engine/make-plan.ts";
import type { Plan } from "../engine/plan.ts";
import type { Fleet } from "../repositories/types.ts";
import { previewSelection, type Selection, selectRepositories } from "../repositories/select-repositories.ts";
import type { ReadLastResults } from "../repositories/selection-facts.ts";
import type { Workflow } from "../workflows/types.ts";
import type { AppContext } from "./app-context.ts";
import { readLastResults } from "./last-results.ts";
import { readVisibleFleet, type VisibleFleet } from "./visible-fleet.ts";
import { describeWorkflowFolder } from "./workflow-folder.ts";

/** What narrows or changes a workflow for one run. */
export interface PlanWishes {
  /** Inputs as text; the workflow's schema gives them their types. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Every sweep is narrowed to what this selects, of the repositories that the subject may see. */
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
  const seen = await readVisibleFleet(context, fleet);
  // Who may see a part of the fleet selects among that part: whatever else came of a selector would tell what there is besides.
  const wanted = wishes.select === undefined ? undefined : await pickSeen(seen, wishes.select, lastResults);
  if (wanted?.length === 0) throw await describeNothing(context, seen, wishes.select);
  // What -s leaves out cannot stand in the way, whatever is wrong with it.
  const within = wanted === undefined ? undefined : new Set(wanted.map(({ name }) => name));
  const pick = async (text: string | undefined, job: string): Promise<Fleet["repositories"]> => {
    const options = { file: `${workflow.name}, sweep of ${job}`, within, lastResults };
    if (within === undefined && seen.hidden > 0) {
      refuseHidden(await previewSelection(fleet, text, options), { context, workflow, seen });
    }
    return (await selectRepositories(fleet, text, options)).repositories;
  };
  return await makePlan({
    workflow: withParallel(workflow, wishes.maxParallel),
    inputs: await readInputs(workflow, wishes.inputs),
    fleet,
    select: pick,
    timeoutMs: limits.timeout,
    runTimeoutMs: limits.runTimeout,
  });
}

async function pickSeen(
  { fleet, names }: VisibleFleet,
  select: string,
  lastResults: ReadLastResults,
): Promise<Fleet["repositories"]> {
  const options = { file: "--select", lastResults, ...(names === undefined ? {} : { names }) };
  return (await selectRepositories(fleet, select, options)).repositories;
}

/** Refused before anything is said of what was picked: a failure would name it. */
function refuseHidden(
  { repositories, undecided }: Selection,
  {
    context,
    workflow,
    seen,
  }: { readonly context: AppContext; readonly workflow: Workflow; readonly seen: VisibleFleet },
): void {
  const firm = undecided.map(({ repository }) => repository).filter(({ optional }) => !optional);
  if ([...repositories, ...firm].every(({ name }) => seen.fleet.byName.has(name))) return;
  throw new MahavishnuError("ACCESS_DENIED", `${context.subject.name} may not see all that ${workflow.name} touches`, {
    fix: "Narrow it with a selector (-s) to repositories that you may see, or ask an admin for a role that covers more.",
  });
}

/** To who may see a part of the fleet, what is hidden and what is not there are the same refusal. */
async function describeNothing(
  { subject }: AppContext,
  { fleet, hidden }: VisibleFleet,
  select = "",
): Promise<MahavishnuError> {
  const { explainUnmatched } = await import("./unmatched-terms.ts");
  const why = explainUnmatched(select, fleet, fleet.repositories).map((sentence) => `: ${sentence}`);
  return hidden === 0
    ? new MahavishnuError("PLAN_EMPTY", `--select picks no repository${why.join("")}`, { fix: listFix })
    : new MahavishnuError("ACCESS_DENIED", `--select picks nothing that ${subject.name} may see${why.join("")}`, {
        fix: `${listFix} For others, ask an admin for a role that covers them.`,
      });
}

const listFix = "See `mahavishnu repos list`.";

/** Checking inputs takes a validator of JSON Schema, which is only loaded where there is an input. */
async function readInputs(workflow: Workflow, given: PlanWishes["inputs"]): Promise<Plan["inputs"]> {
  if (Object.keys(workflow.inputs).length + Object.keys(given).length === 0) return {};
  const { resolveInputs } = await import("../workflows/inputs.ts");
  return resolveInputs(workflow, given);
}

function withParallel(workflow: Workflow, maxParallel: number | undefined): Workflow {
  if (maxParallel === undefined) return workflow;
  const jobs = workflow.jobs.map((job) =>
    job.sweep === undefined ? job : { ...job, sweep: { ...job.sweep, maxParallel } },
  );
  return { ...workflow, jobs };
}
