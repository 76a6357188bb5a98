import type { Job, Step, Sweep, Workflow } from "../workflows/types.ts";
import { type DataOf, makeEvent, type RunEvent } from "./events.ts";
import { finallyKey, type Plan, type PlannedRepository, type PlannedTarget } from "./plan.ts";
import { beginState, reduce } from "./reduce.ts";
import type { RunState, TargetState } from "./state.ts";

/** For tests: a step that runs a script. */
export function makeStep(id: string, script = "true", rest: Partial<Step> = {}): Step {
  return {
    id,
    action: { kind: "run", command: script, shell: "sh" },
    env: {},
    continueOnError: false,
    outputs: {},
    secrets: [],
    ...rest,
  };
}

/** For tests: a step that uses an action. */
export function makeUse(
  id: string,
  uses: string,
  input: Readonly<Record<string, unknown>> = {},
  rest: Partial<Step> = {},
): Step {
  return makeStep(id, "", { action: { kind: "uses", uses, with: input }, ...rest });
}

/** For tests: a sweep over all repositories. */
export function makeSweep(rest: Partial<Sweep> = {}): Sweep {
  return { order: "needs", onFailure: { mode: "continue" }, allowEmpty: false, ...rest };
}

/** For tests: a job that works in place. */
export function makeJob(id: string, steps: readonly Step[], rest: Partial<Job> = {}): Job {
  return { id, needs: [], checkout: "inPlace", env: {}, steps, outputs: {}, optional: false, ...rest };
}

/** For tests: a workflow. */
export function makeWorkflow(jobs: readonly Job[], last: readonly Step[] = []): Workflow {
  return { name: "test", inputs: {}, jobs, finally: last, revision: "0123456789ab" };
}

/** For tests: a repository as the plan pins it. */
export function pinRepository(name: string, rest: Partial<PlannedRepository> = {}): PlannedRepository {
  return { name, path: `/fleet/${name}`, index: 0, tags: [], optional: false, env: {}, base: null, ...rest };
}

/** For tests: a target of a plan. */
export function planTarget(job: string, repository: string | null, rest: Partial<PlannedTarget> = {}): PlannedTarget {
  const key = repository === null ? job : `${job}/${repository}`;
  return { key, job, repository, after: [], timeoutMs: 60_000, ...rest };
}

/** For tests: a plan of given targets; `finally` is added when the workflow has it. */
export function makePlanOf(
  workflow: Workflow,
  targets: readonly PlannedTarget[],
  repositories: readonly PlannedRepository[] = [],
): Plan {
  const last = workflow.finally.length > 0 ? [planTarget(finallyKey, null)] : [];
  return {
    workflow,
    inputs: {},
    repositories: Object.fromEntries(repositories.map((repository) => [repository.name, repository])),
    targets: [...targets, ...last],
    runTimeoutMs: 600_000,
  };
}

/** For tests: a run whose history is written by hand. */
export class HandMadeRun {
  readonly events: RunEvent[];
  readonly state: RunState;
  #time = 1_000;

  constructor(plan: Plan) {
    const created = makeEvent("run.created", { plan }, { time: this.#time, actor: "local:test", reason: "a test" });
    this.events = [created];
    this.state = beginState("run0000000", created);
  }

  add<Type extends RunEvent["type"]>(type: Type, data: DataOf<Type>, reason = "so"): this {
    this.#time += 1;
    const event: RunEvent = makeEvent(type, data, { time: this.#time, actor: "engine", reason });
    reduce(this.state, event);
    this.events.push(event);
    return this;
  }

  /** Begins the run and some targets. */
  begin(...targets: readonly string[]): this {
    this.add("run.started", {});
    for (const target of targets) this.add("target.started", { target });
    return this;
  }

  /** One attempt of a step, from its start to its end. */
  step(target: string, step: string, state: "succeeded" | "failed" | "cancelled", retryAt: number | null = null): this {
    this.startStep(target, step);
    const attempt = this.target(target).steps.find(({ id }) => id === step)?.attempts.length ?? 0;
    const failure = state === "failed" ? ("exit" as const) : null;
    const rest = { failure, exitCode: state === "failed" ? 1 : 0, outputs: {}, output: null, lastLine: null };
    return this.add("step.finished", { target, step, attempt, state, retryAt, ...rest });
  }

  startStep(target: string, step: string): this {
    const attempt = (this.target(target).steps.find(({ id }) => id === step)?.attempts.length ?? 0) + 1;
    return this.add("step.started", { target, step, attempt, process: null });
  }

  /** Ends a target. */
  end(target: string, state: "succeeded" | "failed" | "cancelled"): this {
    return this.add("target.finished", { target, state, outputs: {} });
  }

  skip(target: string, because: "condition" | "dependency" | "policy"): this {
    return this.add("target.skipped", { target, because });
  }

  target(key: string): TargetState {
    const target = this.state.targets.get(key);
    if (target === undefined) throw new Error(`no target ${key}`);
    return target;
  }
}
