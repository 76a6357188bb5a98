import { open } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent } from "../engine/events.ts";
import { reduce } from "../engine/reduce.ts";
import { type Attempt, isOver, type RunState, type StepState, type TargetState } from "../engine/state.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import type { EventRecord } from "../store/contract.ts";
import type { AppContext } from "./app-context.ts";
import { sleep } from "./follow-events.ts";
import { type LogCursor, showLogCursor } from "./log-cursor.ts";
import type { RunVeil } from "./run-veil.ts";
import { isLeft } from "./is-left.ts";

/** Whose output; all of the run when nothing is said. */
export interface LogChoice {
  readonly repository?: string;
  readonly job?: string;
  readonly step?: string;
  /** This attempt; when left out the last one there is, and all that come after it. */
  readonly attempt?: number;
}

/** A part of what one attempt printed. */
export interface LogPiece {
  readonly runId: string;
  readonly job: string;
  readonly repository: string | null;
  readonly step: string;
  readonly attempt: number;
  /** Bytes of the attempt's output before this piece. */
  readonly offset: number;
  readonly text: string;
  /** Asked with this, the output goes on behind this piece. */
  readonly cursor: string;
}

/** What is read. */
export interface LogRequest {
  readonly state: RunState;
  /** The events that the state comes from. */
  readonly events: readonly EventRecord[];
  readonly veil: RunVeil;
  readonly choice: LogChoice;
  readonly cursor: LogCursor;
  /** Go on until the run is over or nobody who lives executes it. */
  readonly follow: boolean;
}

/** How often a run that goes on is looked at. */
const lookMs = 200;
/** Bytes of one piece at most. */
const pieceSize = 256 * 1024;

/**
 * What the chosen steps have printed, each byte once. Whoever follows gets whole characters; what a reader has had is in the cursor
 * of each piece, so that it goes on there after a break.
 */
export async function* readLogs(context: AppContext, request: LogRequest): AsyncGenerator<LogPiece> {
  const { state, follow } = request;
  const folder = join(context.loaded.paths.stateFolder, "runs", state.id);
  const progress = new Progress(request);
  const store = await context.history();
  let isGone = false;
  for (;;) {
    const isLast = !follow || isGone || isOver(state.state);
    for (const piece of progress.open(state)) {
      // Asked before reading: what has ended by now prints no more.
      const hasEnded = piece.attempt.endedAt !== null;
      let from = progress.readOf(piece.number);
      for (let more = true; more;) {
        const bytes = await readFrom(join(folder, fileOf(piece)), from);
        more = bytes.length === pieceSize;
        const whole = more || !(isLast || hasEnded) ? bytes.subarray(0, lengthOfCharacters(bytes)) : bytes;
        const isRead = hasEnded && !more;
        progress.note(piece.number, isRead ? "done" : from + whole.length);
        if (whole.length > 0) yield describe(state, piece, { offset: from, text: whole.toString("utf8"), progress });
        from += whole.length;
        if (context.signal.aborted) return;
      }
    }
    if (isLast || context.signal.aborted) return;
    await sleep(lookMs, context.signal);
    // Looked at first: what its process has done before it went away is in the history then.
    const row = await store.getRun(state.id);
    for (const event of await store.readEvents(state.id, state.runSeq)) {
      reduce(state, event as unknown as RunEvent);
      progress.count(event);
    }
    isGone = !isOver(state.state) && (row === null || (await isLeft(store, row)));
  }
}

/** @throws MahavishnuError USAGE when the run has no such repository, job, step or attempt. */
export function refuseUnknown({ state, veil, choice }: Pick<LogRequest, "state" | "veil" | "choice">): void {
  const targets = [...state.targets.values()].filter(({ repository }) => !veil.hides(repository));
  const { repository, job, step, attempt } = choice;
  const expectName = (name: string | undefined, word: string, values: readonly (string | null)[]): void => {
    const names = [...new Set(values.filter((value) => value !== null))];
    if (name === undefined || names.includes(name)) return;
    throw new MahavishnuError("USAGE", `run ${state.id} has no ${word} "${name}"`, { fix: didYouMean(name, names) });
  };
  const repositories = targets.map((target) => target.repository);
  const jobs = targets.map((target) => target.job);
  const steps = targets.flatMap((target) => target.steps.map(({ id }) => id));
  expectName(repository, "repository", repositories);
  expectName(job, "job", jobs);
  expectName(step, "step", steps);
  if (attempt === undefined) return;
  const has = targets
    .filter((target) => isChosen(target, choice))
    .flatMap((target) => target.steps)
    .some(({ id, attempts }) => (step === undefined || id === step) && attempts.length >= attempt);
  if (!has) throw new MahavishnuError("USAGE", `no step that was asked for has an attempt ${attempt}`);
}

/** One attempt whose output was asked for. */
interface Piece {
  /** In the order in which attempts began, from 1. */
  readonly number: number;
  readonly target: TargetState;
  readonly step: StepState;
  readonly attempt: Attempt;
}

/** Which attempts there are, and how much of each has been read. */
class Progress {
  readonly #veil: RunVeil;
  readonly #choice: LogChoice;
  readonly #numbers = new Map<string, number>();
  readonly #read: Map<number, number | "done">;
  readonly #below: number;

  constructor({ state, events, veil, choice, cursor }: LogRequest) {
    this.#veil = veil;
    this.#choice = choice;
    this.#below = cursor.below;
    this.#read = new Map(cursor.beyond);
    for (const event of events) this.count(event);
    const isFirst = cursor.below === 0 && cursor.beyond.size === 0;
    // What is older than what there is first of all is not wanted later either.
    for (const { key, steps } of state.targets.values()) {
      for (const { id, attempts } of steps) {
        if (!isFirst || choice.attempt !== undefined) continue;
        for (const { number } of attempts.slice(0, -1)) this.note(this.#numberOf(key, id, number), "done");
      }
    }
  }

  count(event: EventRecord): void {
    if (event.type !== "step.started") return;
    const { target, step, attempt } = event.data as { target: string; step: string; attempt: number };
    this.#numbers.set(nameOf(target, step, attempt), this.#numbers.size + 1);
  }

  /** Attempts of which something may have to be read. */
  open(state: RunState): Piece[] {
    const { step: wanted, attempt: only } = this.#choice;
    return [...state.targets.values()]
      .filter((target) => isChosen(target, this.#choice) && !this.#veil.hidesWords(target.repository))
      .flatMap((target) =>
        target.steps
          .filter(({ id }) => wanted === undefined || id === wanted)
          .flatMap((step) =>
            step.attempts
              .filter(({ number }) => only === undefined || number === only)
              .map((attempt) => ({
                number: this.#numberOf(target.key, step.id, attempt.number),
                target,
                step,
                attempt,
              })),
          ),
      )
      .filter(({ number }) => number > this.#below && this.#read.get(number) !== "done");
  }

  readOf(number: number): number {
    const read = this.#read.get(number);
    return typeof read === "number" ? read : 0;
  }

  note(number: number, read: number | "done"): void {
    if (number > this.#below) this.#read.set(number, read);
  }

  get cursor(): string {
    return showLogCursor({ below: this.#below, beyond: this.#read });
  }

  #numberOf(target: string, step: string, attempt: number): number {
    return this.#numbers.get(nameOf(target, step, attempt)) ?? 0;
  }
}

function nameOf(target: string, step: string, attempt: number): string {
  return `${target} ${step} ${attempt}`;
}

function isChosen(target: TargetState, { repository, job }: LogChoice): boolean {
  return (repository === undefined || target.repository === repository) && (job === undefined || target.job === job);
}

function describe(
  { id }: RunState,
  { target, step, attempt }: Piece,
  { offset, text, progress }: { readonly offset: number; readonly text: string; readonly progress: Progress },
): LogPiece {
  const { job, repository } = target;
  const { cursor } = progress;
  return { runId: id, job, repository, step: step.id, attempt: attempt.number, offset, text, cursor };
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

/** Where an attempt's output is; known from the journal once it has ended, and from its place before. */
function fileOf({ target, step, attempt }: Piece): string {
  return attempt.output?.file ?? join(target.job, target.repository ?? "once", `${step.id}.${attempt.number}.log`);
}

async function readFrom(file: string, from: number): Promise<Buffer> {
  let handle;
  try {
    handle = await open(file);
  } catch {
    // It has printed nothing yet, or was purged.
    return Buffer.alloc(0);
  }
  try {
    // Most looks of those who follow find nothing new, and there may be many of them.
    const length = Math.min(pieceSize, Math.max(0, (await handle.stat()).size - from));
    if (length === 0) return Buffer.alloc(0);
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
