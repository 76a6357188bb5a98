import { Semaphore } from "../lib/semaphore.ts";
import { messageOf } from "../lib/errors.ts";
import { attempt, type AttemptEnd } from "./attempt.ts";
import type { CheckContext, SuiteContext } from "./context.ts";
import type { Definition, PlannedTarget, ProbeBody } from "./definition.ts";
import { type Answer, answerOf, makeResult, type ResultFrame } from "./make-result.ts";
import type { PlannedCheck } from "./suite-plan.ts";
import { isRequired, type Kind, type Probe, type Profile, type Result, type Status, type Target } from "./types.ts";

/** What is told while checks run. Rendering it is somebody else's work. */
export type RunnerEvent =
  | { readonly type: "begin"; readonly id: string; readonly title: string; readonly target: Target | null }
  | { readonly type: "end"; readonly result: Result };

/** What the runner needs besides the checks. */
export interface RunnerOptions {
  readonly context: SuiteContext;
  readonly profile: Profile;
  /** How many probes run at once. */
  readonly parallel: number;
  /** Aborted to end everything now; its reason is a sentence that says why. */
  readonly stop: AbortSignal;
  /** Milliseconds that a stopped probe has to end its children; default 3 s. */
  readonly graceMs?: number;
  /** With `--fail-fast`: remembers the first required check that fails; from then on nothing begins. Shared by all stages. */
  readonly failFast?: { cause: string | undefined };
  /** Remembers failures that stand in nobody's way. Shared by all stages. */
  readonly harmless?: WeakSet<Result>;
  readonly onEvent?: (event: RunnerEvent) => void;
  /** The probe of a benchmark. */
  readonly benchmark: (definition: Extract<Definition, { kind: "benchmark" }>) => ProbeBody;
  /** Milliseconds of a monotonic clock. */
  readonly clock?: () => number;
}

/** Default milliseconds for one attempt. */
const defaultTimeoutMs: Readonly<Record<Kind, number>> = { check: 10_000, test: 30_000, benchmark: 120_000 };

/** How many times as long a benchmark may take with `--thorough`: it takes four times as many samples, some of them longer. */
const thoroughFactor = 10;

/** What keeps everything that depends on it from being asked. */
const blocking: ReadonlySet<Status> = new Set(["fail", "error", "timeout", "blocked", "notRun"]);

/** Results by the id of their definition. */
export type ResultsById = ReadonlyMap<string, readonly Result[]>;

/**
 * Asks all planned checks, each after those that it depends on, and gives exactly one result for each check and target,
 * in the order of the plan, whatever happens to the checks. Roll-ups are not asked: they follow from the results.
 *
 * @param earlier Results of checks that were asked before and that these may depend on.
 */
export async function runChecks(
  planned: readonly PlannedCheck[],
  options: RunnerOptions,
  earlier: ResultsById = new Map(),
): Promise<readonly Result[]> {
  const asked = planned.filter(
    ({ definition }) => definition.kind === "benchmark" || definition.rollUpOf === undefined,
  );
  const suite = new Suite(asked, options, earlier);
  const results = await Promise.all(asked.map(async (check) => await suite.resultsOf(check.definition.id)));
  return results.flat();
}

/** One run over a set of checks that may depend on each other. */
class Suite {
  readonly #options: RunnerOptions;
  readonly #earlier: ResultsById;
  readonly #checks: ReadonlyMap<string, PlannedCheck>;
  readonly #running = new Map<string, Promise<readonly Result[]>>();
  readonly #permits: Semaphore;
  readonly #exclusive = new Map<string, Semaphore>();
  readonly #harmless: WeakSet<Result>;
  readonly #clock: () => number;

  constructor(planned: readonly PlannedCheck[], options: RunnerOptions, earlier: ResultsById) {
    this.#options = options;
    this.#earlier = earlier;
    this.#checks = new Map(planned.map((check) => [check.definition.id, check]));
    this.#permits = new Semaphore(options.parallel);
    this.#harmless = options.harmless ?? new WeakSet();
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** The results of one check; it is asked by the first who wants to know. */
  async resultsOf(id: string): Promise<readonly Result[]> {
    const check = this.#checks.get(id);
    if (check === undefined) return this.#earlier.get(id) ?? [];
    const running = this.#running.get(id) ?? this.#runCheck(check);
    this.#running.set(id, running);
    return await running;
  }

  async #runCheck(planned: PlannedCheck): Promise<readonly Result[]> {
    const { definition } = planned;
    const whole: ResultFrame = { planned, profile: this.#options.profile, target: null, optional: false };
    if (planned.skip !== undefined) return [this.#end(whole, { status: "skipped", reason: planned.skip })];
    const answers = await Promise.all((definition.dependsOn ?? []).map(async (id) => await this.resultsOf(id)));
    const needed = answers.flat().filter((result) => !this.#harmless.has(result));
    const manifold = definition.kind !== "benchmark" && definition.targets !== undefined;
    const roots = findRoots(manifold ? needed.filter((result) => result.target === null) : needed, false);
    if (roots.length > 0) return [this.#end(whole, blockedBy(roots))];
    if (!manifold) return [await this.#runUnit(whole)];

    const listed = await this.#listTargets(whole, definition.targets);
    if ("result" in listed) return [listed.result];
    if (listed.targets.length === 0) return [this.#end(whole, { status: "notApplicable", reason: listed.none })];
    return await Promise.all(
      listed.targets.map(async ({ target, optional }) => {
        const frame = { ...whole, target, optional: optional ?? false };
        const own = needed.filter(
          (result) => result.target?.kind === target.kind && result.target.name === target.name,
        );
        const ownRoots = findRoots(own, frame.optional);
        return ownRoots.length > 0 ? this.#end(frame, blockedBy(ownRoots)) : await this.#runUnit(frame);
      }),
    );
  }

  /** The targets of a check, or the result that stands for them when they cannot be listed. */
  async #listTargets(
    frame: ResultFrame,
    list: (context: CheckContext) => Promise<{ readonly targets: readonly PlannedTarget[]; readonly none: string }>,
  ): Promise<{ readonly targets: readonly PlannedTarget[]; readonly none: string } | { readonly result: Result }> {
    let found: { readonly targets: readonly PlannedTarget[]; readonly none: string } | undefined;
    const end = await attempt(async (signal) => {
      found = await list({ ...this.#options.context, signal });
      return { status: "pass", reason: "listed" };
    }, this.#limits(frame));
    if (end.kind === "answered" && found !== undefined) return found;
    return { result: this.#end(frame, this.#answerWithoutOutcome(frame, end)) };
  }

  /** Asks one check about one target. Never rejects. */
  async #runUnit(frame: ResultFrame): Promise<Result> {
    try {
      return await this.#withResources([...(frame.planned.definition.exclusive ?? [])].toSorted(), async () => {
        const cause = this.#options.failFast?.cause;
        if (cause !== undefined) {
          return this.#end(frame, { status: "notRun", reason: `--fail-fast: ${cause} did not pass` });
        }
        const { definition } = frame.planned;
        this.#options.onEvent?.({ type: "begin", id: definition.id, title: definition.title, target: frame.target });
        return this.#end(frame, await this.#ask(frame));
      });
    } catch (error) {
      const stopped = this.#options.stop.aborted;
      return this.#end(frame, stopped ? this.#notRun() : { status: "error", reason: messageOf(error) });
    }
  }

  /** Holds what the check uses alone, in a fixed order so that two checks never wait for each other, and then a permit. */
  async #withResources<T>(names: readonly string[], body: () => Promise<T>): Promise<T> {
    const [name, ...rest] = names;
    if (name === undefined) return await this.#permits.run(body, this.#options.stop);
    const lock = this.#exclusive.get(name) ?? new Semaphore(1);
    this.#exclusive.set(name, lock);
    return await lock.run(async () => await this.#withResources(rest, body), this.#options.stop);
  }

  /** All attempts of all probes of one check on one target. */
  async #ask(frame: ResultFrame): Promise<Answer> {
    const startedAt = new Date().toISOString();
    const begin = this.#clock();
    const allowed = frame.planned.definition.attempts ?? (frame.planned.definition.kind === "test" ? 2 : 1);
    let answer: Answer = this.#notRun();
    let attempts = 0;
    while (attempts < allowed) {
      attempts += 1;
      answer = await this.#askOnce(frame);
      if (!["fail", "error", "timeout"].includes(answer.status) || this.#options.stop.aborted) break;
    }
    const flaky = answer.status === "pass" && attempts > 1;
    const durationMs = Math.round((this.#clock() - begin) * 1_000) / 1_000;
    return { ...answer, startedAt, durationMs, attempts, flaky };
  }

  /** One attempt: the static probe, and when that has passed, the live one. */
  async #askOnce(frame: ResultFrame): Promise<Answer> {
    const { planned, target } = frame;
    let answer: Answer | undefined;
    for (const [probe, body] of probesOf(planned, this.#options)) {
      const end = await attempt(
        async (signal) => await body({ ...this.#options.context, signal }, target),
        this.#limits(frame),
      );
      answer =
        end.kind === "answered"
          ? answerOf(frame, end.outcome, probe)
          : { ...this.#answerWithoutOutcome(frame, end), probe };
      if (answer.status !== "pass") return answer;
    }
    return answer ?? { status: "error", reason: "the check has no probe for this command" };
  }

  #limits(frame: ResultFrame): { timeoutMs: number; graceMs: number; stop: AbortSignal } {
    const { kind, timeoutMs } = frame.planned.definition;
    const factor = kind === "benchmark" && this.#options.context.thorough ? thoroughFactor : 1;
    return {
      timeoutMs: (timeoutMs ?? defaultTimeoutMs[kind]) * factor,
      graceMs: this.#options.graceMs ?? 3_000,
      stop: this.#options.stop,
    };
  }

  #answerWithoutOutcome(frame: ResultFrame, end: AttemptEnd): Answer {
    if (end.kind === "error") return { status: "error", reason: end.reason };
    if (end.kind === "timeout") {
      return { status: "timeout", reason: `no answer within ${this.#limits(frame).timeoutMs} ms` };
    }
    return this.#notRun();
  }

  #notRun(): Answer {
    return { status: "notRun", reason: messageOf(this.#options.stop.reason) };
  }

  #end(frame: ResultFrame, answer: Answer): Result {
    const result = makeResult(frame, answer);
    if (answer.goOn === true) this.#harmless.add(result);
    const { failFast } = this.#options;
    if (failFast !== undefined && isRequired(result.severity) && ["fail", "error", "timeout"].includes(result.status)) {
      failFast.cause ??= result.id;
    }
    this.#options.onEvent?.({ type: "end", result });
    return result;
  }
}

/** The probes to ask, in order. */
function probesOf(planned: PlannedCheck, options: RunnerOptions): readonly (readonly [Probe, ProbeBody])[] {
  const { definition, mode } = planned;
  if (definition.kind === "benchmark") return [["live", options.benchmark(definition)]];
  const probes: (readonly [Probe, ProbeBody])[] = [];
  if (definition.static !== undefined) probes.push(["static", definition.static]);
  if (definition.live !== undefined && mode === "live") probes.push(["live", definition.live]);
  return probes;
}

/** The ids of the root causes among what a check needs. On an optional repository a warning stands for a failure. */
function findRoots(needed: readonly Result[], optional: boolean): string[] {
  const bad = needed.filter((result) => blocking.has(result.status) || (optional && result.status === "warn"));
  return [...new Set(bad.flatMap((result) => (result.blockedBy.length > 0 ? result.blockedBy : [result.id])))];
}

function blockedBy(roots: readonly string[]): Answer {
  return { status: "blocked", reason: `waits for ${roots.join(", ")}`, blockedBy: roots };
}
