import * as z from "zod";
import { type CliResult, parseStdout } from "./call-cli.ts";
import { Unmet } from "./unmet.ts";

const Attempt = z.looseObject({
  number: z.int(),
  state: z.string(),
  reason: z.string().nullable(),
  failure: z.string().nullable(),
  exitCode: z.int().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  lastLine: z.string().nullable(),
});

const Step = z.looseObject({
  id: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  outputs: z.record(z.string(), z.string()),
  attempts: z.array(Attempt),
});

const Target = z.looseObject({
  key: z.string(),
  job: z.string(),
  repository: z.string().nullable(),
  state: z.string(),
  reason: z.string(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  outputs: z.record(z.string(), z.string()),
  steps: z.array(Step),
});

/** A run as `runs show -o json` and the last line of `run -o ndjson` give it; only what the probes look at. */
export const RunDocument = z.looseObject({
  id: z.string(),
  workflow: z.string(),
  state: z.string(),
  reason: z.string(),
  actor: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  targets: z.array(Target),
});
export type RunDocument = z.output<typeof RunDocument>;
export type TargetDocument = z.output<typeof Target>;
export type StepDocument = z.output<typeof Step>;

/** An event as `-o ndjson` gives it. */
export const EventLine = z.looseObject({
  type: z.string(),
  runId: z.string(),
  time: z.iso.datetime(),
  actor: z.string(),
  reason: z.string(),
  data: z.looseObject({
    target: z.string().optional(),
    step: z.string().optional(),
    attempt: z.int().optional(),
    state: z.string().optional(),
    retryAt: z.number().nullable().optional(),
  }),
});
export type EventLine = z.output<typeof EventLine>;

/**
 * The run that a command has written as its one document.
 *
 * @throws Unmet when it is none.
 */
export function readRunDocument(result: CliResult): RunDocument {
  let value: unknown;
  try {
    value = parseStdout(result);
  } catch (error) {
    throw new Unmet((error as Error).message);
  }
  const read = RunDocument.safeParse(value);
  // The document's version is not the run's: a line of a stream has none.
  if (read.success) return { ...read.data, schemaVersion: undefined };
  throw new Unmet("the output is no run", { observed: result.stdout.slice(0, 300) });
}

/** A target of a run by its key. @throws Unmet when there is none. */
export function targetOf(run: RunDocument, key: string): TargetDocument {
  const target = run.targets.find((candidate) => candidate.key === key);
  if (target === undefined) throw new Unmet(`run ${run.id} has no target ${key}`);
  return target;
}

/** A step of a target by its id. @throws Unmet when there is none. */
export function stepOf(target: TargetDocument, id: string): StepDocument {
  const step = target.steps.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Unmet(`target ${target.key} has no step ${id}`);
  return step;
}

/** The `error.code` of a command that was refused, or what it wrote instead. */
export function readErrorCode(result: CliResult): string {
  const Refusal = z.looseObject({ error: z.looseObject({ code: z.string() }) });
  for (const text of [result.stdout, result.stderr]) {
    try {
      const read = Refusal.safeParse(JSON.parse(text));
      if (read.success) return read.data.error.code;
    } catch {
      // Not this stream.
    }
  }
  return `exit ${result.exitCode}: ${(result.stdout || result.stderr).slice(0, 200)}`;
}
