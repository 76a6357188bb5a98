import { MahavishnuError } from "../lib/errors.ts";
import { orderByNeeds } from "../lib/graph.ts";
import type { Json } from "../lib/json.ts";
import { mapLimited } from "../lib/semaphore.ts";
import { readHead } from "../repositories/read-head.ts";
import { redactUrl } from "../repositories/repository-url.ts";
import type { Fleet, Repository } from "../repositories/types.ts";
import type { Job, Workflow } from "../workflows/types.ts";
import { finallyKey, type Plan, type PlannedRepository, type PlannedTarget, type PlannedWait } from "./plan.ts";

/** Repositories whose HEAD is read at once: it is a matter of a few small files each. */
const readAtOnce = 16;

/** What a plan is made of. */
export interface PlanRequest {
  readonly workflow: Workflow;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly fleet: Fleet;
  /** Repositories that a sweep's selector picks, in the order of the fleet. */
  readonly select: (selector: string | undefined, jobId: string) => Promise<readonly Repository[]>;
  readonly timeoutMs: number;
  readonly runTimeoutMs: number;
}

/**
 * Computes what a run would do: targets in the order in which they may start, what each waits for, and the commit that each
 * repository stands at. Reads repositories, changes nothing.
 *
 * @throws MahavishnuError PLAN_EMPTY when a sweep without `allowEmpty` selects nothing.
 */
export async function makePlan(request: PlanRequest): Promise<Plan> {
  const { workflow, inputs, fleet, runTimeoutMs } = request;
  const jobs = orderJobs(workflow);
  const selected = new Map<string, ReadonlySet<string> | null>();
  for (const job of jobs) selected.set(job.id, await selectFor(job, request));
  const targets: PlannedTarget[] = [];
  const lastOfRepository = new Map<string, string>();
  for (const job of jobs) {
    for (const target of planJob(job, selected, request)) {
      targets.push(target);
      if (target.repository === null) continue;
      const turn = lastOfRepository.get(target.repository);
      if (turn !== undefined && !target.after.some((wait) => wait.target === turn)) {
        targets[targets.length - 1] = { ...target, after: [...target.after, { target: turn, because: "turn" }] };
      }
      lastOfRepository.set(target.repository, target.key);
    }
  }
  if (workflow.finally.length > 0) {
    targets.push({ key: finallyKey, job: finallyKey, repository: null, after: [], timeoutMs: request.timeoutMs });
  }
  const used = fleet.repositories.filter((repository) => lastOfRepository.has(repository.name));
  return { workflow, inputs, repositories: await pinRepositories(used), targets, runTimeoutMs };
}

function orderJobs(workflow: Workflow): readonly Job[] {
  const byId = new Map(workflow.jobs.map((job) => [job.id, job] as const));
  const result = orderByNeeds(
    workflow.jobs.map((job) => job.id),
    (id) => byId.get(id)?.needs ?? [],
  );
  if ("circle" in result)
    throw new MahavishnuError("USAGE", `jobs need each other in a circle: ${result.circle.join(" -> ")}`);
  return result.order.map((id) => byId.get(id) as Job);
}

/** Names of the repositories that a job sweeps; null for a job without a sweep. */
async function selectFor(job: Job, { select }: PlanRequest): Promise<ReadonlySet<string> | null> {
  if (job.sweep === undefined) return null;
  const picked = await select(job.sweep.select, job.id);
  if (picked.length === 0 && !job.sweep.allowEmpty) {
    throw new MahavishnuError("PLAN_EMPTY", `job ${job.id} selects no repository`);
  }
  return new Set(picked.map(({ name }) => name));
}

function planJob(
  job: Job,
  selected: ReadonlyMap<string, ReadonlySet<string> | null>,
  request: PlanRequest,
): PlannedTarget[] {
  const inSweep = selected.get(job.id) ?? null;
  const timeout = (repository: Repository | null): number =>
    job.timeoutMs ?? request.fleet.roles.get(repository?.role ?? "")?.timeoutMs ?? request.timeoutMs;
  if (inSweep === null) {
    return [
      { key: job.id, job: job.id, repository: null, ...waitsForJobs(job, selected, null), timeoutMs: timeout(null) },
    ];
  }
  const byNeeds = job.sweep?.order === "needs";
  const needsOf = (name: string): string[] => (byNeeds ? selectedNeeds(name, inSweep, request.fleet) : []);
  const result = orderByNeeds([...inSweep], needsOf);
  if ("circle" in result)
    throw new MahavishnuError("USAGE", `repositories need each other in a circle: ${result.circle.join(" -> ")}`);
  return result.order.map((name): PlannedTarget => {
    const { after, ...whole } = waitsForJobs(job, selected, name);
    const needs = needsOf(name).map((need): PlannedWait => ({ target: `${job.id}/${need}`, because: "repository" }));
    const repository = request.fleet.byName.get(name) ?? null;
    const key = `${job.id}/${name}`;
    return {
      key,
      job: job.id,
      repository: name,
      after: [...after, ...needs],
      ...whole,
      timeoutMs: timeout(repository),
    };
  });
}

/** A needed job is waited for in the same repository when it sweeps it too, else as a whole. */
function waitsForJobs(
  job: Job,
  selected: ReadonlyMap<string, ReadonlySet<string> | null>,
  repository: string | null,
): Pick<PlannedTarget, "after" | "afterJobs"> {
  const after: PlannedWait[] = [];
  const afterJobs: string[] = [];
  for (const need of job.needs) {
    const swept = selected.get(need) ?? null;
    if (swept === null) after.push({ target: need, because: "job" });
    else if (repository !== null && swept.has(repository))
      after.push({ target: `${need}/${repository}`, because: "job" });
    else if (swept.size > 0) afterJobs.push(need);
  }
  return afterJobs.length === 0 ? { after } : { after, afterJobs };
}

/** What a repository needs inside the sweep; a needed repository that is not selected hands on to what it needs itself. */
function selectedNeeds(name: string, inSweep: ReadonlySet<string>, fleet: Fleet): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = [...(fleet.byName.get(name)?.needs ?? [])];
  for (let need = pending.pop(); need !== undefined; need = pending.pop()) {
    if (seen.has(need)) continue;
    seen.add(need);
    if (inSweep.has(need)) found.add(need);
    else pending.push(...(fleet.byName.get(need)?.needs ?? []));
  }
  return [...found];
}

async function pinRepositories(repositories: readonly Repository[]): Promise<Record<string, PlannedRepository>> {
  const pinned = await mapLimited(repositories, readAtOnce, async (repository) => {
    const { place: _place, needs: _needs, url, ...pinnable } = repository;
    // A plan is kept in the history and shown: what a manifest should not hold goes no further.
    const shown = url === undefined ? {} : { url: redactUrl(url) };
    return [repository.name, { ...pinnable, ...shown, base: await readBase(repository.path) }] as const;
  });
  return Object.fromEntries(pinned);
}

/** A repository that cannot be read stays in the plan: its target fails and says why, instead of being dropped here. */
async function readBase(path: string): Promise<string | null> {
  try {
    return (await readHead(path)).head;
  } catch {
    return null;
  }
}
