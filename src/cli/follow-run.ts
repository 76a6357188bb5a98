import type { AppContext } from "../app/app-context.ts";
import { viewRun } from "../app/run-view.ts";
import type { RunHandle } from "../engine/engine.ts";
import type { RunEvent } from "../engine/events.ts";
import { isOver, type RunState, type RunStatus } from "../engine/state.ts";
import type { CommandIo } from "./command-io.ts";
import type { Interruption } from "./interrupts.ts";
import { exitCodes } from "./exit-codes.ts";
import type { OutputChoice } from "./output-request.ts";
import { createRunDisplay } from "./run-display.ts";
import { shortenRunId } from "./shorten-run-id.ts";
import { type Where, whereWords } from "./where-words.ts";

/** What following needs. */
export interface Following {
  readonly app: AppContext;
  readonly io: CommandIo;
  readonly options: OutputChoice & Where & { readonly quiet: boolean };
}

/**
 * Begins runs and follows them to their ends: shows them from their first event on, and turns Ctrl-C into a cancel (twice: at once)
 * and TERM into letting go.
 *
 * @param begin Begins the runs; none when there is nothing to follow.
 * @returns the exit code of the worst outcome; 0 without a run.
 */
export async function followRuns(
  { app, io, options }: Following,
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
    if (handles.length === 0) return worstExitCode([]);
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
  { app, io, options }: Following,
  display: ReturnType<typeof createRunDisplay>,
  states: readonly RunState[],
): Promise<void> {
  const store = await app.store();
  for (const state of states) {
    const row = await store.getRun(state.id);
    if (row === null) continue;
    display.finish(state, viewRun(state, row, Date.now()), await shortenRunId(store, state.id));
    // For eyes, the summary says so.
    if (!isOver(state.state) && options.format !== "text")
      io.stderr.write(
        `run ${state.id} is left where it stands; go on with: mahavishnu runs resume ${state.id}${whereWords(options, io.cwd)}\n`,
      );
  }
  if (options.format === "json") display.closeJson();
}

/** How often a run of another process is looked at. */
const watchMs = 100;

/**
 * Follows a run that another process executes, from its history alone.
 *
 * @returns the exit code of its outcome; 1 when its process is gone.
 */
export async function watchRun({ app, io, options }: Following, state: RunState): Promise<number> {
  const [{ reduce }, store] = await Promise.all([import("../engine/reduce.ts"), app.store()]);
  const display = createRunDisplay(io, options);
  display.update(state, []);
  const stop = AbortSignal.any([io.interrupts.signal, io.stdout.closed]);
  let version = -1;
  try {
    for (;;) {
      const now = store.dataVersion();
      if (now !== version) {
        version = now;
        const events = (await store.readEvents(state.id, state.runSeq)) as unknown as RunEvent[];
        for (const event of events) reduce(state, event);
        if (events.length > 0) display.update(state, events);
      }
      const row = await store.getRun(state.id);
      if (row === null) return exitCodes.failure;
      const view = viewRun(state, row, Date.now());
      if (isOver(state.state) || view.state === "interrupted") {
        display.finish(state, view, await shortenRunId(store, state.id));
        if (options.format === "json") display.closeJson();
        return worstExitCode([view.state]);
      }
      if (stop.aborted) return exitCodes.success;
      await new Promise((resolve) => setTimeout(resolve, watchMs));
    }
  } finally {
    display.close();
  }
}

/** The exit code of one or more runs: 1 before 2 before 0. */
export function worstExitCode(states: readonly (RunStatus | "interrupted")[]): number {
  if (states.some((state) => state !== "succeeded" && state !== "partial")) return exitCodes.failure;
  return states.includes("partial") ? exitCodes.reservations : exitCodes.success;
}

/** Says that runs wait for somebody to take them over. */
export function tellInterrupted(io: CommandIo, ids: readonly string[], where: Where): void {
  if (ids.length === 0) return;
  const one = ids.length === 1;
  io.stderr.write(
    `${ids.length} interrupted run${one ? " waits" : "s wait"}: ${ids.slice(0, 5).join(", ")}; go on with: mahavishnu runs resume${whereWords(where, io.cwd)}\n`,
  );
}
