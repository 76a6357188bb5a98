import { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import type { Contexts, NeedContext, Result, StepContext } from "../workflows/contexts.ts";
import type { Job, Step } from "../workflows/types.ts";
import type { Outputs, Secrets } from "./contract.ts";
import { isBad } from "./outcome.ts";
import { finallyKey, type PlannedRepository } from "./plan.ts";
import type { RunState, TargetState } from "./state.ts";

/** What the expressions of one target are evaluated against. */
export interface AboutTarget {
  readonly state: RunState;
  readonly job: Job;
  readonly target: TargetState;
  readonly repository: PlannedRepository | null;
  readonly secrets: Secrets;
}

/**
 * The contexts of a target's expressions. Everything is a getter, so that a text which names nothing costs nothing; what changes
 * as the target goes on is set by `TargetTexts`.
 */
export class TargetContexts implements Contexts {
  readonly #about: AboutTarget;
  readonly #environmentOf: (step: Step | undefined) => Readonly<Record<string, string>>;
  /** The step whose texts are evaluated; undefined for those of the job. */
  current: Step | undefined;
  /** What the current step wrote itself, while its further outputs are evaluated. */
  ownOutputs: Outputs | undefined;
  /** While texts of `env` are evaluated, what is set further out; they do not see themselves. */
  outerEnv: Readonly<Record<string, string>> | undefined;
  /** The checkout, once there is one. */
  folder: string | null = null;
  /** Values of `repo` that cost a process. */
  lazy: { readonly dirty?: boolean; readonly diff?: string } = {};

  constructor(about: AboutTarget, environmentOf: (step: Step | undefined) => Readonly<Record<string, string>>) {
    this.#about = about;
    this.#environmentOf = environmentOf;
  }

  get inputs(): Readonly<Record<string, Json>> {
    return this.#about.state.plan.inputs;
  }

  get repo(): Contexts["repo"] {
    const { repository } = this.#about;
    return repository === null ? null : { ...repository, path: this.folder ?? repository.path, ...this.lazy };
  }

  get run(): Contexts["run"] {
    const { id, plan, actor, startedAt, createdAt } = this.#about.state;
    const { name, revision } = plan.workflow;
    return { id, workflow: name, revision, actor, startedAt: new Date(startedAt ?? createdAt).toISOString() };
  }

  get job(): Contexts["job"] {
    const { state, job, target } = this.#about;
    const isCancelled = state.state === "cancelling";
    return { id: job.id, status: isCancelled ? "cancelled" : hasFailed(job, target) ? "failure" : "success" };
  }

  get steps(): Contexts["steps"] {
    const { job, target } = this.#about;
    const contexts: Record<string, StepContext> = {};
    for (const [index, step] of target.steps.entries()) {
      const outcome = stepResults[step.state];
      if (outcome !== undefined) {
        const forgiven = outcome === "failure" && job.steps[index]?.continueOnError === true;
        contexts[step.id] = { outputs: step.outputs, outcome, conclusion: forgiven ? "success" : outcome };
      } else if (step.id === this.current?.id && this.ownOutputs !== undefined) {
        contexts[step.id] = { outputs: this.ownOutputs, outcome: "success", conclusion: "success" };
      }
    }
    return contexts;
  }

  get needs(): Contexts["needs"] {
    const { state, job, target } = this.#about;
    const needed = target.key === finallyKey ? state.plan.workflow.jobs.map(({ id }) => id) : job.needs;
    return Object.fromEntries(needed.map((id) => [id, needContext(state, id, target)]));
  }

  get env(): Contexts["env"] {
    return this.outerEnv ?? this.#environmentOf(this.current);
  }

  get secrets(): Contexts["secrets"] {
    const { secrets } = this.#about;
    const named = (this.current?.secrets ?? []).map((name) => {
      const secret = secrets.get(name);
      if (secret === undefined)
        throw new MahavishnuError("SECRET_MISSING", `secret ${name} is not in the configuration`);
      return [name, secret] as const;
    });
    return Object.fromEntries(named);
  }

  /** Whether anything of the run outside `finally` ended badly. */
  get isRunBad(): boolean {
    return [...this.#about.state.targets.values()].some((other) => other.key !== finallyKey && isBad(other));
  }
}

function hasFailed(job: Job, target: TargetState): boolean {
  return target.steps.some((step, index) => step.state === "failed" && job.steps[index]?.continueOnError !== true);
}

const stepResults: Readonly<Partial<Record<string, Result>>> = {
  succeeded: "success",
  failed: "failure",
  cancelled: "cancelled",
  skipped: "skipped",
};

/** What a target sees of a job that it needs; each part is made only when an expression names it. */
function needContext(state: RunState, id: string, { repository }: TargetState): NeedContext {
  const own = state.targets.get(repository === null ? id : `${id}/${repository}`) ?? state.targets.get(id);
  const all = (): TargetState[] => [...state.targets.values()].filter((other) => other.job === id);
  return {
    outputs: own?.outputs ?? {},
    get result() {
      return own === undefined ? resultOfAll(all()) : resultOf(own);
    },
    get targets() {
      const byRepository = all().flatMap((other) =>
        other.repository === null
          ? []
          : [[other.repository, { outputs: other.outputs, result: resultOf(other) }] as const],
      );
      return Object.fromEntries(byRepository);
    },
  };
}

function resultOf(target: TargetState): Result {
  return stepResults[target.state] ?? "skipped";
}

/** A job as a whole succeeded when no target of it ended badly. */
function resultOfAll(targets: readonly TargetState[]): Result {
  if (targets.some((target) => target.state === "cancelled")) return "cancelled";
  if (targets.some((target) => target.state === "failed")) return "failure";
  return targets.every((target) => target.state === "skipped") ? "skipped" : "success";
}
