import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import type { AppContext } from "../app/app-context.ts";
import type { RunEvent } from "../engine/events.ts";
import { reduce } from "../engine/reduce.ts";
import { type Attempt, isOver, type RunState, type StepState, type TargetState } from "../engine/state.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { type CommandIo, writeNdjson } from "./command-io.ts";
import type { RunsLogsOptions } from "./command-options.ts";

/** How often a followed run is looked at. */
const followMs = 200;

/** One attempt's output and where it belongs. */
interface Piece {
  readonly target: TargetState;
  readonly step: StepState;
  readonly attempt: Attempt;
}

/**
 * Prints what the chosen steps printed, each piece under its own heading where there are several; with `--follow` until the run
 * is over.
 *
 * @throws MahavishnuError USAGE when the run has no such repository, job, step or attempt.
 */
export async function printLogs(
  { app, io, options }: { readonly app: AppContext; readonly io: CommandIo; readonly options: RunsLogsOptions },
  state: RunState,
): Promise<number> {
  refuseUnknown(state, options);
  const folder = join(app.loaded.paths.stateFolder, "runs", state.id);
  const printed = new Map<string, number>();
  let heading = "";
  const print = async (): Promise<void> => {
    for (const piece of choosePieces(state, options)) {
      const file = fileOf(piece);
      const from = printed.get(file) ?? 0;
      const text = await readFrom(join(folder, file), from);
      if (text.length === 0) continue;
      printed.set(file, from + text.length);
      if (options.format === "ndjson") {
        const { target, step, attempt } = piece;
        writeNdjson(io.stdout, [
          {
            runId: state.id,
            job: target.job,
            repository: target.repository,
            step: step.id,
            attempt: attempt.number,
            offset: from,
            text: text.toString("utf8"),
          },
        ]);
        continue;
      }
      const next = `${piece.target.key} ${piece.step.id} #${piece.attempt.number}`;
      if (next !== heading && isSeveral(options)) io.stdout.write(`${heading === "" ? "" : "\n"}== ${next}\n`);
      heading = next;
      const whole = text.toString("utf8");
      io.stdout.write(whole.endsWith("\n") || options.follow === true ? whole : `${whole}\n`);
    }
  };
  const store = await app.store();
  const stop = AbortSignal.any([io.interrupts.signal, io.stdout.closed]);
  await print();
  while (options.follow === true && !isOver(state.state) && !stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, followMs));
    for (const event of (await store.readEvents(state.id, state.runSeq)) as unknown as RunEvent[]) reduce(state, event);
    await print();
  }
  return 0;
}

/** Whether more than one step's output may come. */
function isSeveral({ repo, step }: RunsLogsOptions): boolean {
  return repo === undefined || step === undefined;
}

function choosePieces(state: RunState, options: RunsLogsOptions): Piece[] {
  return [...state.targets.values()]
    .filter(
      (target) =>
        (options.repo === undefined || target.repository === options.repo) &&
        (options.job === undefined || target.job === options.job),
    )
    .flatMap((target) => target.steps.map((step) => ({ target, step })))
    .filter(({ step }) => options.step === undefined || step.id === options.step)
    .flatMap(({ target, step }) => {
      const attempt =
        options.attempt === undefined
          ? step.attempts.at(-1)
          : step.attempts.find(({ number }) => number === options.attempt);
      return attempt === undefined ? [] : [{ target, step, attempt }];
    });
}

/** Where an attempt's output is; known from the journal once it has ended, and from its place before. */
function fileOf({ target, step, attempt }: Piece): string {
  return attempt.output?.file ?? join(target.job, target.repository ?? "once", `${step.id}.${attempt.number}.log`);
}

async function readFrom(file: string, from: number): Promise<Buffer> {
  try {
    if (statSync(file).size <= from) return Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { start: from })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function refuseUnknown(state: RunState, { repo, job, step, attempt }: RunsLogsOptions): void {
  const targets = [...state.targets.values()];
  const known = (name: string, word: string, values: readonly (string | null)[]): void => {
    const names = [...new Set(values.filter((value) => value !== null))];
    if (!names.includes(name))
      throw new MahavishnuError("USAGE", `run ${state.id} has no ${word} "${name}"`, { fix: didYouMean(name, names) });
  };
  if (repo !== undefined)
    known(
      repo,
      "repository",
      targets.map((target) => target.repository),
    );
  if (job !== undefined)
    known(
      job,
      "job",
      targets.map((target) => target.job),
    );
  if (step !== undefined)
    known(
      step,
      "step",
      targets.flatMap((target) => target.steps.map(({ id }) => id)),
    );
  if (attempt !== undefined && choosePieces(state, { repo, job, step, attempt } as RunsLogsOptions).length === 0) {
    throw new MahavishnuError("USAGE", `no step that was asked for has an attempt ${attempt}`);
  }
}
