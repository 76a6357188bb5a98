import { type AccessPolicy, authorize, visibleRepositories } from "../access/authorize.ts";
import type { RunEvent } from "../engine/events.ts";
import type { Plan, PlannedRepository, PlannedTarget } from "../engine/plan.ts";
import { describeFleet } from "../repositories/fleet-subjects.ts";
import type { EventRecord } from "../store/contract.ts";
import { readAccessPolicy } from "./access-policy.ts";
import type { AppContext } from "./app-context.ts";

/** Stands where something is that the subject may not see. */
const veiled = "hidden";

/**
 * What a subject may not see of one run: the repositories that its scopes do not cover. Their targets stay, under a name that tells
 * nothing, so that counts, order and sequence numbers remain true; what they are called and what they printed does not.
 */
export class RunVeil {
  /** Hidden repositories: the real name and the one that is shown. */
  readonly #shown: ReadonlyMap<string, string>;
  readonly #names: RegExp | undefined;

  constructor(hidden: readonly string[]) {
    this.#shown = new Map(hidden.map((name, index) => [name, `(${veiled}-${index + 1})`] as const));
    // The longest first: `api` must not be found inside `api-gateway`.
    const words = hidden.toSorted((a, b) => b.length - a.length).map((name) => RegExp.escape(name));
    this.#names = words.length === 0 ? undefined : new RegExp(`(?<![\\w.-])(?:${words.join("|")})(?![\\w-])`, "g");
  }

  /** How many repositories are hidden. */
  get size(): number {
    return this.#shown.size;
  }

  /** Whether targets of this repository are hidden. */
  hides(repository: string | null): boolean {
    return repository !== null && this.#shown.has(repository);
  }

  /**
   * Whether what a target's steps say is hidden: also that of a job without a repository, since it knows of all that the run has done
   * elsewhere.
   */
  hidesWords(repository: string | null): boolean {
    return repository === null ? this.#shown.size > 0 : this.hides(repository);
  }

  /** The event as the subject may see it. */
  cover(record: EventRecord): EventRecord {
    if (this.#names === undefined) return record;
    const event = record as unknown as RunEvent;
    const reason = this.coverText(record.reason);
    if (event.type === "run.created") return { ...record, reason, data: { plan: this.#coverPlan(event.data.plan) } };
    if (event.type === "run.retried") {
      const targets = event.data.targets.map(({ key, fromStep }) => ({ key: this.#coverKey(key), fromStep }));
      return { ...record, reason, data: { targets } };
    }
    const { target } = event.data as { readonly target?: string };
    if (target === undefined) return { ...record, reason };
    const key = this.#coverKey(target);
    if (!target.includes("/")) return { ...record, reason, data: coverEnd(event) };
    if (key === target) return { ...record, reason };
    return { ...record, reason: veiled, data: { ...coverEnd(event), target: key } };
  }

  #coverPlan(plan: Plan): Plan {
    const repositories = Object.entries(plan.repositories).map(([name, repository]) => {
      const shown = this.#shown.get(name);
      return [shown ?? name, shown === undefined ? repository : coverRepository(repository, shown)] as const;
    });
    const targets = plan.targets.map((target): PlannedTarget => ({
      ...target,
      key: this.#coverKey(target.key),
      repository: target.repository === null ? null : (this.#shown.get(target.repository) ?? target.repository),
      after: target.after.map(({ target: key, because }) => ({ target: this.#coverKey(key), because })),
    }));
    return { ...plan, repositories: Object.fromEntries(repositories), targets };
  }

  /** `job/repository`, or `job`. */
  #coverKey(key: string): string {
    const slash = key.indexOf("/");
    const shown = slash === -1 ? undefined : this.#shown.get(key.slice(slash + 1));
    return shown === undefined ? key : `${key.slice(0, slash)}/${shown}`;
  }

  /** A text that may name repositories as the subject may see it. */
  coverText(text: string): string {
    return this.#names === undefined ? text : text.replace(this.#names, (name) => this.#shown.get(name) ?? name);
  }
}

function coverRepository({ index, optional }: PlannedRepository, name: string): PlannedRepository {
  return { name, path: "", index, tags: [], optional, env: {}, base: null };
}

/** How a step or a target ended stays; what it said does not. */
function coverEnd({ type, data }: RunEvent): object {
  if (type === "step.finished") return { ...data, outputs: {}, output: null, lastLine: null };
  if (type === "target.finished") return { ...data, outputs: {} };
  return data;
}

/** Names of repositories of which the subject may see no results; those that the manifest does not know are covered by no scope. */
export async function listHidden(context: AppContext, names: readonly string[]): Promise<readonly string[]> {
  const { subject } = context;
  const policy = await readScopedPolicy(context);
  if (policy === null) return [];
  const fleet = await context.fleet();
  const known = names.flatMap((name) => fleet.byName.get(name) ?? []).map(describeFleet(fleet));
  const seen = new Set(visibleRepositories(policy, subject, "runs:read", known).map(({ name }) => name));
  return names.filter((name) => !seen.has(name));
}

/** Names of the only repositories of which the subject may see results; undefined when it may see everything. */
export async function listVisible(context: AppContext): Promise<readonly string[] | undefined> {
  const policy = await readScopedPolicy(context);
  if (policy === null) return undefined;
  const fleet = await context.fleet();
  const known = fleet.repositories.map(describeFleet(fleet));
  return visibleRepositories(policy, context.subject, "runs:read", known).map(({ name }) => name);
}

/** The policy that says what the subject may see of runs; null when that is everything. */
async function readScopedPolicy(context: AppContext): Promise<AccessPolicy | null> {
  const { subject, localOwner } = context;
  if (subject.name === localOwner) return null;
  const policy = await readAccessPolicy(context);
  return authorize(policy, { subject, permission: "runs:read" }).allowed ? null : policy;
}
