import { type DataOf, makeEvent, type RunEvent } from "../../src/engine/events.ts";
import type { Plan, PlannedTarget, PlannedWait } from "../../src/engine/plan.ts";
import { beginState, reduce } from "../../src/engine/reduce.ts";
import type { RunState } from "../../src/engine/state.ts";
import type { Job } from "../../src/workflows/types.ts";

/** When every story begins: milliseconds since 1970. */
export const storyStart: number = Date.UTC(2026, 10, 23, 12, 0, 0);

/** What a story is about. */
export interface StoryPlan {
  readonly workflow?: string;
  /** Names with what each needs. */
  readonly repositories: Readonly<Record<string, readonly string[]>>;
  /** Steps of each job; one job `main` with a sweep is usual. */
  readonly jobs?: Readonly<Record<string, readonly string[]>>;
  readonly maxParallel?: number;
}

/** A plan as the planner would make it, for tests of what is shown. */
export function makeStoryPlan({ workflow = "raise-node", repositories, jobs, maxParallel }: StoryPlan): Plan {
  const names = Object.keys(repositories);
  const steps = jobs ?? { main: ["set", "test"] };
  const made = Object.entries(steps).map(([id, ids], index): Job => ({
    id,
    needs: Object.keys(steps).slice(0, index),
    sweep: {
      order: "needs",
      onFailure: { mode: "continue" },
      allowEmpty: false,
      ...(maxParallel === undefined ? {} : { maxParallel }),
    },
    checkout: "worktree",
    env: {},
    steps: ids.map((step) => ({
      id: step,
      action: { kind: "run", command: "true", shell: "sh" },
      env: {},
      retry: { attempts: 3 },
      continueOnError: false,
      outputs: {},
      secrets: [],
    })),
    outputs: {},
    optional: false,
  }));
  const targets = made.flatMap((job, index) =>
    names.map((repository): PlannedTarget => {
      const before = made[index - 1];
      const after: PlannedWait[] = [
        ...(before === undefined ? [] : [{ target: `${before.id}/${repository}`, because: "job" as const }]),
        ...(repositories[repository] ?? []).map((need) => ({
          target: `${job.id}/${need}`,
          because: "repository" as const,
        })),
      ];
      return { key: `${job.id}/${repository}`, job: job.id, repository, after, timeoutMs: 900_000 };
    }),
  );
  return {
    workflow: { name: workflow, inputs: {}, jobs: made, finally: [], revision: "4f1c2a9b0d3e" },
    inputs: { major: 24 },
    repositories: Object.fromEntries(
      names.map((name, index) => [
        name,
        { name, path: `/fleet/${name}`, index, tags: [], optional: false, env: {}, base: "0123456789abcdef" },
      ]),
    ),
    targets,
    runTimeoutMs: 86_400_000,
  };
}

/** Tells what happens in a run, event by event, through the engine's own reducer. */
export class RunStory {
  readonly state: RunState;
  now: number = storyStart;

  constructor(plan: StoryPlan, id: string = "k3v9q0x2mf") {
    const created = makeEvent("run.created", { plan: makeStoryPlan(plan) }, this.#about("started by hand"));
    this.state = beginState(id, created);
    this.tell("run.started", {});
  }

  /** Lets time go by. */
  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  tell<Type extends RunEvent["type"]>(type: Type, data: DataOf<Type>, reason: string = "engine"): this {
    reduce(this.state, makeEvent(type, data, this.#about(reason)));
    return this;
  }

  startTarget(target: string): this {
    return this.tell("target.started", { target });
  }

  startStep(target: string, step: string, attempt: number = 1): this {
    return this.tell("step.started", { target, step, attempt, process: null });
  }

  endStep(
    target: string,
    step: string,
    end: Partial<DataOf<"step.finished">> & { readonly reason?: string } = {},
  ): this {
    const { reason = "exit 0", ...given } = end;
    const state = given.state ?? "succeeded";
    const usual = {
      attempt: 1,
      failure: state === "failed" ? ("exit" as const) : null,
      exitCode: state === "failed" ? 1 : 0,
    };
    const data = { ...usual, outputs: {}, output: null, lastLine: null, retryAt: null, ...given, state, target, step };
    return this.tell("step.finished", data, reason);
  }

  endTarget(
    target: string,
    state: "succeeded" | "failed" | "cancelled" = "succeeded",
    reason: string = "all steps are done",
  ): this {
    return this.tell("target.finished", { target, state, outputs: {} }, reason);
  }

  /** A whole target that goes well. */
  succeed(target: string, steps: Readonly<Record<string, number>>): this {
    this.startTarget(target);
    for (const [step, ms] of Object.entries(steps)) this.startStep(target, step).wait(ms).endStep(target, step);
    return this.endTarget(target);
  }

  #about(reason: string): { time: number; actor: string; reason: string } {
    return { time: this.now, actor: "local:dana", reason };
  }
}

/** The story of the design's sketch: some are done, one waits for its next attempt, some wait for others. */
export function middleOfRun(): RunStory {
  const story = new RunStory({
    repositories: { "auth-lib": [], gateway: ["auth-lib"], ledger: [], billing: ["auth-lib", "ledger"], docs: [] },
    maxParallel: 6,
  });
  return story
    .succeed("main/auth-lib", { set: 300, test: 12_100 })
    .startTarget("main/gateway")
    .startTarget("main/ledger")
    .startStep("main/gateway", "set")
    .startStep("main/ledger", "set")
    .wait(200)
    .endStep("main/gateway", "set")
    .endStep("main/ledger", "set")
    .startStep("main/gateway", "test")
    .startStep("main/ledger", "test")
    .wait(4_000)
    .endStep("main/ledger", "test", { state: "failed", reason: "exit 1", retryAt: storyStart + 24_600 })
    .tell("target.skipped", { target: "main/docs", because: "condition" }, "repo.dirty is false");
}

/** A run that ended partly: one failed, one was skipped because of it. */
export function endOfRun(): RunStory {
  const story = middleOfRun();
  return story
    .wait(8_000)
    .endStep("main/gateway", "test")
    .endTarget("main/gateway")
    .startStep("main/ledger", "test", 2)
    .wait(2_000)
    .endStep("main/ledger", "test", {
      attempt: 2,
      state: "failed",
      reason: "exit 1",
      lastLine: "\u001B[31mAssertionError\u001B[0m: expected 3 to equal 4",
    })
    .endTarget("main/ledger", "failed", "step test: exit 1")
    .tell("target.skipped", { target: "main/billing", because: "dependency" }, "needs ledger, which failed")
    .tell("run.finished", { state: "partial" }, "1 failed, 1 not done because of them");
}
