import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import type { AppContext } from "../app/app-context.ts";
import { isInterrupted } from "../app/run-view.ts";
import type { RunEvent } from "../engine/events.ts";
import { reduce } from "../engine/reduce.ts";
import { type Attempt, isOver, type RunState, type StepState, type TargetState } from "../engine/state.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { type CommandIo, writeNdjson } from "./command-io.ts";
import type { RunsLogsOptions } from "./command-options.ts";
import { whereWords } from "./where-words.ts";

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
 * is over, or its process is gone.
 *
 * @throws MahavishnuError USAGE when the run has no such repository, job, step or attempt.
 */
export async function printLogs(
  { app, io, options }: { readonly app: AppContext; readonly io: CommandIo; readonly options: RunsLogsOptions },
  state: RunState,
): Promise<number> {
  refuseUnknown(state, options);
  const folder = join(app.loaded.paths.stateFolder, "runs", state.id);
  const follows = options.follow === true;
  const steps = chooseSteps(state, options);
  const printed = new Map<string, number>();
  let heading = "";
  const print = async (isLast: boolean): Promise<void> => {
    for (const piece of steps.flatMap((step) => choosePieces(step, options))) {
      const file = fileOf(piece);
      const from = printed.get(file) ?? 0;
      if (from === Number.POSITIVE_INFINITY) continue;
      // Asked before reading: what has ended by now prints no more.
      const hasEnded = piece.attempt.endedAt !== null;
      const bytes = await readFrom(join(folder, file), from);
      const text = isLast || hasEnded ? bytes : bytes.subarray(0, lengthOfCharacters(bytes));
      printed.set(file, hasEnded ? Number.POSITIVE_INFINITY : from + text.length);
      if (text.length === 0) continue;
      if (options.format === "ndjson") {
        writeNdjson(io.stdout, [lineOf(state, piece, from, text)]);
        continue;
      }
      const next = `${piece.target.key} ${piece.step.id} #${piece.attempt.number}`;
      if (next !== heading && isSeveral(options)) io.stdout.write(`${heading === "" ? "" : "\n"}== ${next}\n`);
      heading = next;
      const whole = text.toString("utf8");
      io.stdout.write(whole.endsWith("\n") || follows ? whole : `${whole}\n`);
    }
  };
  const store = await app.store();
  const stop = AbortSignal.any([io.interrupts.signal, io.stdout.closed]);
  await print(!follows);
  if (!follows) return 0;
  while (!isOver(state.state) && !stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, followMs));
    // Looked at first: what its process has done before it went away is in the history then.
    const row = await store.getRun(state.id);
    for (const event of (await store.readEvents(state.id, state.runSeq)) as unknown as RunEvent[]) reduce(state, event);
    const isGone = !isOver(state.state) && (row === null || isInterrupted(row, Date.now()));
    await print(isGone);
    if (!isGone) continue;
    io.stderr.write(
      `run ${state.id} is interrupted; go on with: mahavishnu runs resume ${state.id}${whereWords(options, io.cwd)}\n`,
    );
    break;
  }
  return 0;
}

function lineOf(state: RunState, { target, step, attempt }: Piece, offset: number, text: Buffer): object {
  const { job, repository } = target;
  const about = { runId: state.id, job, repository, step: step.id, attempt: attempt.number };
  return { ...about, offset, text: text.toString("utf8") };
}

/** How many bytes are whole characters of UTF-8; the rest begins one whose end is not there yet. Bytes that are no UTF-8 count as whole. */
function lengthOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return back < needed ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Whether more than one step's output may come. */
function isSeveral({ repo, step }: RunsLogsOptions): boolean {
  return repo === undefined || step === undefined;
}

/** A step that was asked for. */
interface ChosenStep {
  readonly target: TargetState;
  readonly step: StepState;
  /** The first attempt to print: the last one there is, then every later one. */
  readonly from: number;
}

function chooseSteps(state: RunState, { repo, job, step: id }: RunsLogsOptions): ChosenStep[] {
  return [...state.targets.values()]
    .filter((target) => (repo === undefined || target.repository === repo) && (job === undefined || target.job === job))
    .flatMap((target) => target.steps.map((step) => ({ target, step, from: step.attempts.at(-1)?.number ?? 1 })))
    .filter(({ step }) => id === undefined || step.id === id);
}

function choosePieces({ target, step, from }: ChosenStep, { attempt: wanted }: RunsLogsOptions): Piece[] {
  return step.attempts
    .filter(({ number }) => (wanted === undefined ? number >= from : number === wanted))
    .map((attempt) => ({ target, step, attempt }));
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
  const asked = { repo, job, step, attempt } as RunsLogsOptions;
  if (attempt !== undefined && chooseSteps(state, asked).every((each) => choosePieces(each, asked).length === 0)) {
    throw new MahavishnuError("USAGE", `no step that was asked for has an attempt ${attempt}`);
  }
}
