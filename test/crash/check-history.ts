import { DatabaseSync } from "node:sqlite";

/**
 * Checks a run's history against its plan and against what the steps counted outside the store. It reads the rows of the database
 * by itself and shares no code with the engine, so that both would have to be wrong in the same way.
 */

/** An event as it stands in the database. */
interface Row {
  readonly seq: number;
  readonly runSeq: number;
  readonly type: string;
  readonly data: {
    readonly target?: string;
    readonly step?: string;
    readonly attempt?: number;
    readonly state?: string;
    readonly retryAt?: number | null;
    readonly plan?: CheckedPlan;
  };
}

/** The parts of a plan that decide about order. */
interface CheckedPlan {
  readonly workflow: {
    readonly jobs: readonly { readonly id: string; readonly steps: readonly { readonly id: string }[] }[];
    readonly finally: readonly { readonly id: string }[];
  };
  readonly targets: readonly {
    readonly key: string;
    readonly job: string;
    readonly after: readonly { readonly target: string }[];
  }[];
}

/** A line of the counter: `begin KEY ATTEMPT PID` when an attempt begins, `end …` as its last act. */
interface Counted {
  readonly mark: string;
  readonly key: string;
  readonly attempt: number;
}

interface Attempt {
  readonly target: string;
  readonly step: string;
  readonly number: number;
  readonly startedAt: number;
  end: {
    readonly type: string;
    readonly state: string | undefined;
    readonly at: number;
    readonly again: boolean;
  } | null;
}

/** Where the history and the counter are. */
export interface History {
  readonly database: string;
  /** The text of the counter file. */
  readonly counter: string;
}

/** What is wrong with the history of the one run in a database; empty when nothing is. */
export function checkHistory({ database, counter }: History, expected: "crashed" | "succeeded"): string[] {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    // A process may be killed before it has made the tables.
    const isMade = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run'").get() !== undefined;
    const runs = isMade ? db.prepare("SELECT * FROM run").all() : [];
    const counted = parseCounter(counter);
    if (runs.length === 0) return counted.length === 0 ? [] : ["something was done although no run is recorded"];
    if (runs.length > 1) return [`there are ${runs.length} runs`];
    const run = runs[0] as Record<string, unknown>;
    const rows = db
      .prepare("SELECT seq, run_seq AS runSeq, type, data FROM event WHERE run = ? ORDER BY seq")
      .all(run["position"] as number);
    const events = rows.map((row) => ({ ...row, data: JSON.parse(String(row["data"])) as unknown }) as Row);
    const attempts = readAttempts(events);
    return [
      ...checkNumbers(events, run),
      ...checkAttempts(attempts),
      ...checkCounter(attempts, counted, String(run["id"])),
      ...checkOrder(events, attempts),
      ...checkCounterOrder(events, counted, String(run["id"])),
      ...(expected === "succeeded" ? checkEnd(events, run, attempts) : []),
    ];
  } finally {
    db.close();
  }
}

function parseCounter(text: string): Counted[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [mark = "", key = "", attempt = ""] = line.split(" ");
      return { mark, key, attempt: Number(attempt) };
    });
}

/** Every attempt with its end, if the history has one. */
function readAttempts(events: readonly Row[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const { type, runSeq, data } of events) {
    const { target = "", step = "", attempt = 0 } = data;
    if (type === "step.started") attempts.push({ target, step, number: attempt, startedAt: runSeq, end: null });
    if (type !== "step.finished" && type !== "step.interrupted") continue;
    const open = attempts.find((each) => each.target === target && each.step === step && each.end === null);
    const end = { type, state: data.state, at: runSeq, again: typeof data.retryAt === "number" };
    if (open === undefined) attempts.push({ target, step, number: attempt, startedAt: Number.NaN, end });
    else open.end = end;
  }
  return attempts;
}

function checkNumbers(events: readonly Row[], run: Record<string, unknown>): string[] {
  const faults = events.flatMap(({ runSeq }, index) =>
    runSeq === index + 1 ? [] : [`event ${index + 1} has number ${runSeq}`],
  );
  if (events[0]?.type !== "run.created") faults.push(`the history begins with ${events[0]?.type}`);
  if (run["run_seq"] !== events.length)
    faults.push(`the row counts ${String(run["run_seq"])} of ${events.length} events`);
  return faults;
}

/** All attempts are visible, one after the other, and none comes after a success. */
function checkAttempts(attempts: readonly Attempt[]): string[] {
  const faults: string[] = [];
  for (const [key, mine] of Map.groupBy(attempts, ({ target, step }) => `${target} ${step}`)) {
    for (const [index, { number, startedAt }] of mine.entries()) {
      const before = mine[index - 1];
      if (Number.isNaN(startedAt)) faults.push(`${key}: an attempt ended that never began`);
      if (number !== index + 1) faults.push(`${key}: attempt ${index + 1} has number ${number}`);
      if (before !== undefined && (before.end === null || before.end.at > startedAt))
        faults.push(`${key}: attempt ${number} began before the last one had ended`);
      if (before?.end?.state === "succeeded") faults.push(`${key}: attempt ${number} came after a success`);
      if (before?.end?.state === "failed" && !before.end.again)
        faults.push(`${key}: attempt ${number} came after a failure that was final`);
    }
  }
  return faults;
}

/** What ended ran exactly once; what was interrupted at most once; nothing ran that the history does not know. */
function checkCounter(attempts: readonly Attempt[], counted: readonly Counted[], runId: string): string[] {
  const faults: string[] = [];
  const timesOf = (mark: string, key: string, attempt: number): number =>
    counted.filter((line) => line.mark === mark && line.key === key && line.attempt === attempt).length;
  for (const { target, step, number, end } of attempts) {
    const key = `${runId}/${target}/${step}`;
    const [begun, ended] = [timesOf("begin", key, number), timesOf("end", key, number)];
    const name = `${target} ${step}, attempt ${number}`;
    if (begun > 1 || ended > begun) faults.push(`${name} began ${begun} times and ended ${ended} times`);
    if (end?.type === "step.finished" && (begun !== 1 || ended !== 1))
      faults.push(`${name} is finished, but began ${begun} times and ended ${ended} times`);
  }
  const known = new Set(attempts.map(({ target, step, number }) => `${runId}/${target}/${step} ${number}`));
  for (const { key, attempt } of counted)
    if (!known.has(`${key} ${attempt}`)) faults.push(`${key}, attempt ${attempt}, ran and is not in the history`);
  return faults;
}

/** In the history nothing begins before all that it needs has ended in it. */
function checkOrder(events: readonly Row[], attempts: readonly Attempt[]): string[] {
  const plan = events[0]?.data.plan;
  if (plan === undefined) return ["the history has no plan"];
  const faults: string[] = [];
  const endOf = new Map<string, number>();
  for (const { type, runSeq, data } of events) {
    if (type !== "target.finished" && type !== "target.skipped") continue;
    if (endOf.has(data.target ?? "")) faults.push(`${data.target} ended twice`);
    endOf.set(data.target ?? "", runSeq);
  }
  for (const { key, job, after } of plan.targets) {
    const needed =
      key === "finally"
        ? plan.targets.filter((other) => other.key !== key).map((other) => other.key)
        : after.map(({ target }) => target);
    const steps =
      job === "finally" ? plan.workflow.finally : (plan.workflow.jobs.find(({ id }) => id === job)?.steps ?? []);
    for (const { target, step, startedAt } of attempts.filter((attempt) => attempt.target === key)) {
      for (const need of needed)
        if ((endOf.get(need) ?? Infinity) > startedAt) faults.push(`${target} ${step} began before ${need} had ended`);
      if (startedAt > (endOf.get(key) ?? Infinity)) faults.push(`${target} ${step} began after its target had ended`);
      const earlier = steps.slice(
        0,
        steps.findIndex(({ id }) => id === step),
      );
      for (const { id } of earlier) {
        const last = attempts.findLast((attempt) => attempt.target === key && attempt.step === id);
        if (last?.end?.state !== "succeeded" || last.end.at > startedAt)
          faults.push(`${target} ${step} began before ${id} had succeeded`);
      }
    }
  }
  return faults;
}

/** In the world nothing began before all that it needs had ended there. */
function checkCounterOrder(events: readonly Row[], counted: readonly Counted[], runId: string): string[] {
  const plan = events[0]?.data.plan;
  const faults: string[] = [];
  for (const { key, after } of plan?.targets ?? []) {
    const isOf = (line: Counted, target: string): boolean => line.key.startsWith(`${runId}/${target}/`);
    const first = counted.findIndex((line) => isOf(line, key));
    if (first === -1) continue;
    for (const { target } of after) {
      const last = counted.findLastIndex((line) => isOf(line, target));
      if (last > first || last === -1) faults.push(`${key} acted before ${target} was done`);
    }
  }
  return faults;
}

/** The run is over, as its targets say, and every step of its plan has succeeded once. */
function checkEnd(events: readonly Row[], run: Record<string, unknown>, attempts: readonly Attempt[]): string[] {
  const faults: string[] = [];
  const plan = events[0]?.data.plan;
  const ends = events.filter(({ type }) => type === "run.finished");
  const [end] = ends;
  if (ends.length !== 1 || end !== events.at(-1)) faults.push(`the history has ${ends.length} ends`);
  const states = new Map(
    events.filter(({ type }) => type === "target.finished").map(({ data }) => [data.target, data.state] as const),
  );
  for (const { key, job } of plan?.targets ?? []) {
    if (states.get(key) !== "succeeded") faults.push(`${key} is ${states.get(key)}`);
    const steps = job === "finally" ? plan?.workflow.finally : plan?.workflow.jobs.find(({ id }) => id === job)?.steps;
    for (const { id } of steps ?? []) {
      const won = attempts.filter(
        ({ target, step, end: its }) => target === key && step === id && its?.state === "succeeded",
      );
      if (won.length !== 1) faults.push(`${key} ${id} succeeded ${won.length} times`);
    }
  }
  if (end?.data.state !== "succeeded") faults.push(`the run ended as ${end?.data.state}`);
  // The row counts the work, and `finally` is none.
  const total = plan?.targets.filter(({ key }) => key !== "finally").length ?? 0;
  const row = {
    state: run["state"],
    owner: run["owner_id"],
    total: run["total"],
    succeeded: run["succeeded"],
    running: run["running"],
  };
  const expected = { state: "succeeded", owner: null, total, succeeded: total, running: 0 };
  if (JSON.stringify(row) !== JSON.stringify(expected)) faults.push(`the row says ${JSON.stringify(row)}`);
  return faults;
}
