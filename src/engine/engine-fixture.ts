import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../lib/secret.ts";
import type { EventRecord } from "../store/contract.ts";
import { openStore, type SqliteStore } from "../store/open-store.ts";
import type { Job, Step } from "../workflows/types.ts";
import type { Action } from "./contract.ts";
import { createEngine, type Engine, type EngineOptions, type RunHandle } from "./engine.ts";
import type { EngineLimits } from "./engine-parts.ts";
import { makePlanOf, makeSweep, makeWorkflow, pinRepository, planTarget } from "./plan-fixture.ts";
import type { Plan, PlannedRepository, PlannedTarget } from "./plan.ts";
import type { RunState, StepState, TargetState } from "./state.ts";

/** Limits with which tests end soon. */
export const testLimits: EngineLimits = {
  maxConcurrentRuns: 5,
  maxConcurrentSteps: 4,
  retry: { attempts: 1, backoff: "fixed", firstMs: 1, maxMs: 10 },
  stepTimeoutMs: null,
  maxOutputBytes: 1024 * 1024,
  leaseMs: 10_000,
  heartbeatMs: 2_000,
  graceMs: 5_000,
};

/** What a test's engine differs in. */
export interface FixtureOptions extends Partial<Omit<EngineOptions, "store" | "limits" | "actions" | "secrets">> {
  readonly limits?: Partial<EngineLimits>;
  readonly actions?: readonly Action[];
  readonly secrets?: Readonly<Record<string, string>>;
}

/** For tests: a state folder with a store, and engines on it. */
export class Workspace implements AsyncDisposable {
  readonly folder: string;
  readonly store: SqliteStore;
  readonly #engines: Engine[] = [];

  constructor() {
    this.folder = mkdtempSync(join(realpathSync(tmpdir()), "e-"));
    this.store = openStore({ file: this.path(".mahavishnu/state.db") });
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** What a file of the workspace holds; empty when there is none. */
  read(...parts: string[]): string {
    try {
      return readFileSync(this.path(...parts), "utf8");
    } catch {
      return "";
    }
  }

  has(...parts: string[]): boolean {
    return existsSync(this.path(...parts));
  }

  write(name: string, text = ""): void {
    writeFileSync(this.path(name), text);
  }

  remove(...names: string[]): void {
    for (const name of names) rmSync(this.path(name), { force: true });
  }

  engine(options: FixtureOptions = {}): Engine {
    const { limits, actions = [], secrets = {}, ...rest } = options;
    const engine = createEngine({
      store: this.store,
      actions: new Map(actions.map((action) => [action.name, action] as const)),
      secrets: new Map(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)] as const)),
      baseEnv: stepEnv(),
      runsFolder: this.path(".mahavishnu/runs"),
      worktreesFolder: this.path(".mahavishnu/worktrees"),
      allowedRoots: async () => [this.folder],
      limits: { ...testLimits, ...limits },
      ...rest,
    });
    this.#engines.push(engine);
    return engine;
  }

  /** A git repository with one commit of one file. */
  repository(name: string, rest: Partial<PlannedRepository> = {}): PlannedRepository {
    const path = this.path("repos", name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "README.md"), `${name}\n`);
    for (const args of ["init -q --template= -b main", "add -A", "commit -qm first"]) git(path, ...args.split(" "));
    return pinRepository(name, { path, base: git(path, "rev-parse", "HEAD"), ...rest });
  }

  /** The history of a run. */
  async events(runId: string): Promise<readonly EventRecord[]> {
    return await this.store.readEvents(runId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#engines.map((engine) => engine[Symbol.asyncDispose]()));
    await this.store[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** For tests: PATH, and the mark by which survivors of a test are found. */
function stepEnv(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" };
}

/** For tests: runs git without the machine's configuration. */
export function git(folder: string, ...args: readonly string[]): string {
  const who = {
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@b.test",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@b.test",
  };
  const env = { ...process.env, ...who, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", args, { cwd: folder, env, encoding: "utf8" }).trimEnd();
}

/** For tests: a plan of jobs that run once each, in their order of needs. */
export function planOnce(jobs: readonly Job[], last: readonly Step[] = [], rest: Partial<Plan> = {}): Plan {
  const targets = jobs.map((job) =>
    planTarget(job.id, null, { after: job.needs.map((target) => ({ target, because: "job" as const })) }),
  );
  return { ...makePlanOf(makeWorkflow(jobs, last), targets), ...rest };
}

/** For tests: a plan of jobs that sweep all repositories; `needs` between repositories hold in every job. */
export function planSweep(
  jobs: readonly Job[],
  repositories: readonly PlannedRepository[],
  options: { readonly needs?: Readonly<Record<string, readonly string[]>>; readonly last?: readonly Step[] } = {},
): Plan {
  const { needs = {}, last = [] } = options;
  const targets: PlannedTarget[] = [];
  for (const [place, job] of jobs.entries()) {
    for (const { name } of repositories) {
      const earlier = jobs[place - 1];
      const because = earlier !== undefined && job.needs.includes(earlier.id) ? ("job" as const) : ("turn" as const);
      const own = earlier === undefined ? [] : [{ target: `${earlier.id}/${name}`, because }];
      const others = (needs[name] ?? []).map((need) => ({
        target: `${job.id}/${need}`,
        because: "repository" as const,
      }));
      targets.push(planTarget(job.id, name, { after: [...own, ...others] }));
    }
  }
  const sweeping = jobs.map((job) => ({ ...job, sweep: job.sweep ?? makeSweep() }));
  return makePlanOf(makeWorkflow(sweeping, last), targets, repositories);
}

/** For tests: begins a run. */
export async function begin(engine: Engine, plan: Plan, idempotencyKey?: string): Promise<RunHandle> {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const { handle } = await engine.start({ plan, actor: "local:test", reason: "a test", ...key });
  if (handle === null) throw new Error("the idempotency key is known");
  return handle;
}

/** For tests: executes a run to its end. */
export async function execute(engine: Engine, plan: Plan): Promise<RunState> {
  return await (
    await begin(engine, plan)
  ).done;
}

/** For tests: a target by its key. */
export function targetOf(state: RunState, key: string): TargetState {
  const target = state.targets.get(key);
  if (target === undefined) throw new Error(`no target ${key}`);
  return target;
}

/** For tests: a step by `target` and id. */
export function stepOf(state: RunState, key: string, id: string): StepState {
  const step = targetOf(state, key).steps.find((each) => each.id === id);
  if (step === undefined) throw new Error(`no step ${id}`);
  return step;
}

/** For tests: states of the targets by key. */
export function statesOf(state: RunState): Readonly<Record<string, string>> {
  return Object.fromEntries([...state.targets].map(([key, target]) => [key, target.state]));
}

/** For tests: waits for a condition, never for a time. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, patienceMs = 45_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** For tests: whether a process lives; zombies do not. */
export function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}
