import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { RunHandle } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import type { RunState } from "../../engine/state.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Workflow } from "../../workflows/types.ts";
import type { AppContext } from "../app-context.ts";
import { readRun } from "../find-run.ts";
import { definePreparedUseCase, type Resource } from "../use-case.ts";
import { planNamed, planWorkflow, type PlanRunInput } from "../plan-workflow.ts";

/** A run that was begun, or the earlier one with the same key. */
export interface StartedRun {
  readonly runId: string;
  /** False when the idempotency key was known: nothing was begun. */
  readonly created: boolean;
  /** The run in this process; null where nothing was begun here. */
  readonly handle: RunHandle | null;
}

/** What is to be run. */
export interface StartRunInput extends PlanRunInput {
  readonly idempotencyKey?: string;
}

/** A run that is planned and not begun. */
interface PlannedStart {
  readonly plan: Plan;
  readonly idempotencyKey: string | undefined;
}

/** `run WORKFLOW`: begins a run in this process. */
export const startRun = definePreparedUseCase<StartRunInput, StartedRun, PlannedStart>({
  name: "startRun",
  permission: "runs:start",
  writes: true,
  prepare: async (context, input) => ({
    plan: await planNamed(context, input),
    idempotencyKey: input.idempotencyKey,
  }),
  resource: aboutPlan,
  run: beginRun,
});

/** `exec -- COMMAND...`: begins a run of an ad hoc command in this process. */
export const execCommand = definePreparedUseCase<ExecInput, StartedRun, PlannedStart>({
  name: "execCommand",
  permission: "runs:exec",
  writes: true,
  prepare: async (context, input) => ({
    plan: await planExec(context, input),
    idempotencyKey: input.idempotencyKey,
  }),
  resource: aboutPlan,
  run: beginRun,
});

function aboutPlan({ plan }: PlannedStart): Resource {
  return { name: `workflow:${plan.workflow.name}`, repositories: Object.keys(plan.repositories) };
}

async function beginRun(context: AppContext, { plan, idempotencyKey }: PlannedStart): Promise<StartedRun> {
  const engine = await context.engine();
  const started = await engine.start({
    plan,
    actor: context.subject.name,
    reason: "started by hand",
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  const created = started.handle !== null;
  if (!created) refuseOther(plan, (await readRun(await context.store(), started.runId)).state);
  return { ...started, created };
}

/** A key names one thing that is to be done once: what was asked for with it before must be the same. */
function refuseOther(asked: Plan, { id, plan: known }: RunState): void {
  const difference = [
    ...(asked.workflow.name === known.workflow.name ? [] : [`workflow ${known.workflow.name}`]),
    ...(isDeepStrictEqual(asked.inputs, known.inputs) ? [] : ["other inputs"]),
    ...(isDeepStrictEqual(Object.keys(asked.repositories), Object.keys(known.repositories))
      ? []
      : ["other repositories"]),
  ];
  if (difference.length === 0) return;
  throw new MahavishnuError(
    "KEY_TAKEN",
    `the idempotency key belongs to run ${id}, which has ${difference.join(" and ")}`,
  );
}

/** What `exec` is asked. */
export interface ExecInput {
  readonly command: readonly string[];
  readonly select?: string;
  readonly maxParallel?: number;
  /** Milliseconds for each repository. */
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
}

/** Plans an ad hoc command: a workflow of one step, in place, in every selected repository. */
function planExec(context: AppContext, input: ExecInput): Promise<Plan> {
  const { command, select, maxParallel, timeoutMs } = input;
  const revision = createHash("sha256").update(JSON.stringify(command)).digest("hex").slice(0, 12);
  const workflow: Workflow = {
    name: "exec",
    description: command.join(" "),
    inputs: {},
    jobs: [
      {
        id: "exec",
        needs: [],
        sweep: { order: "none", onFailure: { mode: "continue" }, allowEmpty: false },
        checkout: "inPlace",
        env: {},
        steps: [
          {
            id: "run",
            action: { kind: "run", command: command.map(escapeExpression), shell: "sh" },
            env: {},
            continueOnError: false,
            outputs: {},
            secrets: [],
          },
        ],
        outputs: {},
        optional: false,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
    ],
    finally: [],
    revision,
  };
  return planWorkflow(context, workflow, {
    inputs: {},
    ...(select === undefined ? {} : { select }),
    ...(maxParallel === undefined ? {} : { maxParallel }),
  });
}

/** The words of `exec` are taken as they are: `${{` in one is no expression. */
function escapeExpression(word: string): string {
  return word.replaceAll("${{", "${{ '${{' }}");
}
