import type { AppContext } from "../app/app-context.ts";
import { shortenRunId } from "../app/find-run.ts";
import { viewRun } from "../app/run-view.ts";
import { followRun, listInterruptedRuns, readRunEvents } from "../app/use-cases/runs.ts";
import type { RunHandle } from "../engine/engine.ts";
import type { RunEvent } from "../engine/events.ts";
import { isOver, type RunState, type RunStatus } from "../engine/state.ts";
import type { EventRecord } from "../store/contract.ts";
import type { CommandIo } from "./command-io.ts";
import type { Door } from "./door.ts";
import type { Interruption } from "./interrupts.ts";
import { exitCodes } from "./exit-codes.ts";
import type { OutputChoice } from "./output-request.ts";
import { createRunDisplay } from "./run-display.ts";
import { type Where, whereWords } from "./where-words.ts";

/** What following needs. */
export interface Following {
  readonly door: Door;
  readonly io: CommandIo;
  readonly options: OutputChoice & Where & { readonly quiet: boolean };
}

/** A run that was begun: with a handle where this process executes it. */
export interface BegunRun {
  readonly runId: string;
  readonly handle: RunHandle | null;
  /** How many events of its history are not shown where others execute it; all that there are when it is asked for, when left out. */
  readonly seen?: number;
}

/**
 * Begins runs and follows them to their ends: those that this process executes from their first event on, with Ctrl-C as a cancel
 * (twice: at once) and TERM as letting go; those that others execute from their history.
 *
 * @param begin Begins the runs; none when there is nothing to follow.
 * @returns the exit code of the worst outcome; 0 without a run.
 */
export async function followRuns(following: Following, begin: () => Promise<readonly BegunRun[]>): Promise<number> {
  const { local } = following.door;
  const codes: number[] = [];
  const others: BegunRun[] = [];
  const mine = async (): Promise<readonly RunHandle[]> => {
    const begun = await begin();
    others.push(...begun.filter(({ handle }) => handle === null));
    return begun.flatMap(({ handle }) => handle ?? []);
  };
  if (local === null) await mine();
  else codes.push(await followHandles(following, local, mine));
  for (const { runId, seen } of others) codes.push(await watchRun(following, runId, seen));
  return worstOf(codes);
}

async function followHandles(
  { io, options }: Following,
  app: AppContext,
  begin: () => Promise<readonly RunHandle[]>,
): Promise<number> {
  const display = createRunDisplay(io, options);
  const handles: RunHandle[] = [];
  const obey = ({ kind }: Interruption): void => {
    if (kind === "leave") void leave(app);
    else for (const handle of handles) void cancel(app, handle, kind === "cancelAtOnce");
  };
  // Before anything begins: no event is missed, and a signal that comes early is kept.
  using _observing = app.observeRuns((state, events) => display.update(state, events));
  using _listening = io.interrupts.subscribe(obey);
  try {
    handles.push(...(await begin()));
    if (handles.length === 0) return exitCodes.success;
    for (const handle of handles) display.update(handle.state, []);
    if (io.interrupts.last !== undefined) obey(io.interrupts.last);
    const states = await Promise.all(handles.map((handle) => handle.done));
    await finish({ app, io, options }, display, states);
    return worstExitCode(states.map((state) => state.state));
  } finally {
    display.close();
  }
}

async function leave(app: AppContext): Promise<void> {
  try {
    await (await app.engine()).release();
  } catch {
    // There is no engine; whoever begins the runs hears why.
  }
}

async function cancel(app: AppContext, handle: RunHandle, atOnce: boolean): Promise<void> {
  try {
    await handle.cancel({ actor: app.subject.name, reason: "cancelled by Ctrl-C", atOnce });
  } catch {
    // The run ended or was taken over in the same moment; its own end tells.
  }
}

async function finish(
  { app, io, options }: Omit<Following, "door"> & { readonly app: AppContext },
  display: ReturnType<typeof createRunDisplay>,
  states: readonly RunState[],
): Promise<void> {
  const store = await app.store();
  for (const state of states) {
    const row = await store.getRun(state.id);
    if (row === null) continue;
    const shortId = await shortenRunId(store, state.id);
    display.finish(state, viewRun(state, { row, shortId, hidden: 0, now: Date.now() }));
    // For eyes, the summary says so.
    if (!isOver(state.state) && options.format !== "text")
      io.stderr.write(
        `run ${state.id} is left where it stands; go on with: mahavishnu runs resume ${state.id}${whereWords(options, io.cwd)}\n`,
      );
  }
  if (options.format === "json") display.closeJson();
}

/** A run as its history tells it, for what is drawn of it. */
export async function readRunState(door: Door, id: string): Promise<RunState> {
  const { replay } = await import("../engine/reduce.ts");
  return replay(await readHistory(door, id));
}

async function readHistory(door: Door, id: string): Promise<readonly EventRecord[]> {
  const { unviewEvent } = await import("../app/run-view.ts");
  const events: EventRecord[] = [];
  for (let cursor: string | null = "0"; cursor !== null;) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(door, id, Number(cursor));
    events.push(...page.items.map(unviewEvent));
    cursor = page.nextCursor;
  }
  return events;
}

/** Events that are asked for at once. */
const pageSize = 5_000;

function readPage(door: Door, id: string, afterRunSeq: number) {
  return door.perform(readRunEvents, { id, afterRunSeq, limit: pageSize });
}

/**
 * Follows a run that another process executes, from its history alone.
 *
 * @param seen how many events are not shown; all that there are when left out
 * @returns the exit code of its outcome; 1 when its process is gone.
 */
export async function watchRun({ door, io, options }: Following, id: string, seen?: number): Promise<number> {
  const [{ reduce, replay }, { unviewEvent }, history] = await Promise.all([
    import("../engine/reduce.ts"),
    import("../app/run-view.ts"),
    readHistory(door, id),
  ]);
  // The first event says what the run is: without it there is nothing to show.
  const begin = Math.max(1, seen ?? history.length);
  const state = replay(history.slice(0, begin));
  const display = createRunDisplay(io, options);
  const show = (record: EventRecord): void => {
    const event = record as unknown as RunEvent;
    reduce(state, event);
    display.update(state, [event]);
  };
  display.update(state, seen === 0 ? (history.slice(0, 1) as unknown as RunEvent[]) : []);
  try {
    for (const record of history.slice(begin)) show(record);
    for await (const item of await door.perform(followRun, { id: state.id, afterRunSeq: history.length })) {
      if (item.type === "event") {
        show(unviewEvent(item.event));
        continue;
      }
      display.finish(state, item.run);
      if (options.format === "json") display.closeJson();
      return worstExitCode([item.run.state]);
    }
    return exitCodes.success;
  } finally {
    display.close();
  }
}

/** The exit code of one or more runs: 1 before 2 before 0. */
export function worstExitCode(states: readonly (RunStatus | "interrupted")[]): number {
  if (states.some((state) => state !== "succeeded" && state !== "partial")) return exitCodes.failure;
  return states.includes("partial") ? exitCodes.reservations : exitCodes.success;
}

function worstOf(codes: readonly number[]): number {
  if (codes.includes(exitCodes.failure)) return exitCodes.failure;
  return codes.includes(exitCodes.reservations) ? exitCodes.reservations : exitCodes.success;
}

/** Says that runs wait for somebody to take them over. A server takes over its own. */
export async function tellInterrupted({ door, io, options }: Following): Promise<void> {
  if (door.local === null) return;
  const { items } = await door.perform(listInterruptedRuns, {});
  if (items.length === 0) return;
  const one = items.length === 1;
  io.stderr.write(
    `${items.length} interrupted run${one ? " waits" : "s wait"}: ${items.slice(0, 5).join(", ")}; go on with: mahavishnu runs resume${whereWords(options, io.cwd)}\n`,
  );
}
