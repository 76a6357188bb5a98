import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { RunHandle } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import { recordRun, type StartRequest } from "../../engine/record-run.ts";
import type { RunState } from "../../engine/state.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Workflow } from "../../workflows/types.ts";
import type { AppContext } from "../app-context.ts";
import { readRun } from "../find-run.ts";
import { ownKey } from "../own-key.ts";
import { definePreparedUseCase, type Resource } from "../use-case.ts";
import { planNamed, planWorkflow, type PlanRunInput } from "../plan-workflow.ts";

/** A run that was begun, or the earlier one with the same key. */
export interface StartedRun {
  readonly runId: string;
  /** False when the idempotency key was known: nothing was begun. */
  readonly created: boolean;
  /** How many servers live that may begin a detached run; null when it is not detached. */
  readonly servers: number | null;
  /** The run in this process; null where nothing was begun here. */
  readonly handle: RunHandle | null;
}

/** How a run is begun. */
export interface StartChoice {
  readonly idempotencyKey?: string;
  /** Only record it: a server of the workspace begins it. */
  readonly detach?: boolean;
  /** Why, for the run's history; "started by hand" when left out. Whoever asks over the network cannot say it. */
  readonly reason?: string;
}

/** What is to be run. */
export interface StartRunInput extends PlanRunInput, StartChoice {}

/** A run that is planned and not begun. */
interface PlannedStart {
  readonly plan: Plan;
  readonly choice: StartChoice;
}

/** `run WORKFLOW`: begins a run in this process, or records it for a server. */
export const startRun = definePreparedUseCase<StartRunInput, StartedRun, PlannedStart>({
  name: "startRun",
  permission: "runs:start",
  writes: true,
  prepare: async (context, input) => ({ plan: await planNamed(context, input), choice: input }),
  resource: aboutPlan,
  run: beginRun,
});

/** `exec -- COMMAND...`: begins a run of an ad hoc command in this process, or records it for a server. */
export const execCommand = definePreparedUseCase<ExecInput, StartedRun, PlannedStart>({
  name: "execCommand",
  permission: "runs:exec",
  writes: true,
  prepare: async (context, input) => ({ plan: await planExec(context, input), choice: input }),
  resource: aboutPlan,
  run: beginRun,
});

function aboutPlan({ plan }: PlannedStart): Resource {
  return { name: `workflow:${plan.workflow.name}`, repositories: Object.keys(plan.repositories) };
}

async function beginRun(context: AppContext, { plan, choice }: PlannedStart): Promise<StartedRun> {
  const { idempotencyKey, detach = false, reason = "started by hand" } = choice;
  const request = {
    plan,
    actor: context.subject.name,
    reason,
    ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: ownKey(context.subject.name, idempotencyKey) }),
  };
  const started = detach ? await recordOnly(context, request) : await startHere(context, request);
  if (!started.created) refuseOther(plan, (await readRun(context, started.runId)).state);
  return started;
}

async function startHere(context: AppContext, request: StartRequest): Promise<StartedRun> {
  const { runId, handle } = await (await context.engine()).start(request);
  return { runId, handle, created: handle !== null, servers: null };
}

/** Without the engine: whoever only records needs none of the secrets. */
async function recordOnly(context: AppContext, request: StartRequest): Promise<StartedRun> {
  const store = await context.store();
  const { runId, created } = await recordRun(store, request);
  return { runId, created, servers: (await store.listServers()).length, handle: null };
}

/** A key names one thing that is to be done once: what was asked for with it before must be the same. */
function refuseOther(asked: Plan, { id, plan: known }: RunState): void {
  const difference = [
    ...(asked.workflow.name === known.workflow.name ? [] : [`workflow ${known.workflow.name}`]),
    ...(isDeepStrictEqual(asked.inputs, known.inputs) ? [] : ["other inputs"]),
    ...(isDeepStrictEqual(Object.keys(asked.repositories), Object.keys(known.repositories))
      ? []
      : ["other repositories"]),
    // The file of a workflow may change between two tries; an ad hoc command is all that was asked for.
    ...(asked.workflow.name === adHoc && asked.workflow.revision !== known.workflow.revision
      ? ["another command"]
      : []),
  ];
  if (difference.length === 0) return;
  throw new MahavishnuError(
    "KEY_TAKEN",
    `the idempotency key belongs to run ${id}, which has ${difference.join(" and ")}`,
  );
}

/** What the workflow of an ad hoc command is called. */
const adHoc = "exec";

/** What `exec` is asked. */
export interface ExecInput extends StartChoice {
  readonly command: readonly string[];
  readonly select?: string;
  readonly maxParallel?: number;
  /** Milliseconds for each repository. */
  readonly timeoutMs?: number;
}

/** Plans an ad hoc command: a workflow of one step, in place, in every selected repository. */
function planExec(context: AppContext, input: ExecInput): Promise<Plan> {
  const { command, select, maxParallel, timeoutMs } = input;
  const revision = createHash("sha256").update(JSON.stringify(command)).digest("hex").slice(0, 12);
  const workflow: Workflow = {
    name: adHoc,
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
