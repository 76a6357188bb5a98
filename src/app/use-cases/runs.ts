import { MahavishnuError } from "../../lib/errors.ts";
import type { CancelWish } from "../../engine/conduct-run.ts";
import type { RunHandle } from "../../engine/engine.ts";
import { isOver, type RunStatus } from "../../engine/state.ts";
import { replay } from "../../engine/reduce.ts";
import { parseRunFilter } from "../../selectors/run-filter.ts";
import type { Store } from "../../store/contract.ts";
import type { AppContext } from "../app-context.ts";
import { noSuchRun, readRun, resolveRunId, shortenRunId } from "../find-run.ts";
import { findRuns } from "../find-runs.ts";
import { type FollowedItem, followEvents } from "../follow-events.ts";
import { parseLogCursor } from "../log-cursor.ts";
import { type LogChoice, type LogPiece, type LogRequest, readLogs, refuseUnknown } from "../read-logs.ts";
import { listHidden, listVisible, RunVeil } from "../run-veil.ts";
import { type EventView, isUnowned, type RunListItem, type RunView, viewEvent, viewRow, viewRun } from "../run-view.ts";
import type { StoredRun } from "../stored-run.ts";
import { definePreparedUseCase, defineUseCase, type Resource } from "../use-case.ts";

/** Interrupted runs told at once; the others are told when these are not interrupted any more. */
const maxInterrupted = 1_000;

/** Which runs to list. */
export interface ListRunsInput {
  readonly states?: readonly string[];
  readonly workflow?: string;
  /** A filter of runs, such as `state:failed && repo:gateway`. */
  readonly filter?: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/**
 * A page of runs, newest first. It may be short, or empty, and go on all the same: how long is looked for runs that are rare is bounded.
 */
export interface RunPage {
  readonly items: readonly RunListItem[];
  /** Null when there are no more. */
  readonly nextCursor: string | null;
}

/** `runs list`. */
export const listRuns = defineUseCase<ListRunsInput, RunPage>({
  name: "listRuns",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "runs", repositories: "any" }),
  run: async (context, { states, workflow, filter, limit, cursor }) => {
    const filters = filter === undefined ? [] : [parseRunFilter(filter, "filter")];
    const before = parseCursor(cursor);
    const store = await context.history();
    const visible = await listVisible(context);
    const query = {
      limit,
      filters,
      ...(states === undefined ? {} : { states }),
      ...(workflow === undefined ? {} : { workflow }),
      ...(visible === undefined ? {} : { visible }),
      ...(before === undefined ? {} : { beforePosition: before }),
    };
    const { rows, next } = await findRuns(store, query, { signal: context.signal });
    const now = Date.now();
    const items = rows.map((row) => viewRow(row, now));
    return {
      items: visible === undefined ? items : await coverReasons(store, items, visible),
      nextCursor: next === null ? null : String(next),
    };
  },
});

/** A reason may name repositories; those that the subject may not see are named as `showRun` names them. */
async function coverReasons(
  store: Store,
  items: readonly RunListItem[],
  visible: readonly string[],
): Promise<readonly RunListItem[]> {
  const names = await store.listRunRepositories(items.map(({ id }) => id));
  const seen = new Set(visible);
  return items.map((item) => {
    const veil = new RunVeil((names.get(item.id) ?? []).filter((name) => !seen.has(name)));
    return { ...item, reason: veil.coverText(item.reason) };
  });
}

function parseCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const position = Number(cursor);
  if (Number.isSafeInteger(position) && position > 0) return position;
  throw new MahavishnuError("USAGE", `"${cursor}" is no cursor`, { fix: "Use the nextCursor of the page before." });
}

/** A run by its id, or the beginning of one. */
export interface OneRunInput {
  readonly id: string;
}

/** A run that somebody looks at, and what of it they may not see. */
interface SeenRun<Input> extends StoredRun {
  readonly input: Input;
  readonly veil: RunVeil;
}

async function lookAt<Input extends OneRunInput>(context: AppContext, input: Input): Promise<SeenRun<Input>> {
  const stored = await readRun(context, input.id);
  const veil = new RunVeil(await listHidden(context, Object.keys(stored.state.plan.repositories)));
  return { ...stored, input, veil };
}

/** Whoever may see one repository of a run may look at it; who may see none is told that it is not there. */
function aboutSeenRun({ row, state, veil, input }: SeenRun<OneRunInput>, { from }: AppContext): Resource {
  const names = Object.keys(state.plan.repositories);
  const seen = names.filter((name) => !veil.hides(name));
  return {
    name: `run:${row.id}`,
    repositories: seen.length > 0 ? seen : names,
    ...(from === "cli" ? {} : { refusal: () => noSuchRun(input.id) }),
  };
}

/** `runs show`. */
export const showRun = definePreparedUseCase<OneRunInput, RunView, SeenRun<OneRunInput>>({
  name: "showRun",
  permission: "runs:read",
  writes: false,
  prepare: lookAt,
  resource: aboutSeenRun,
  run: viewSeen,
});

async function viewSeen(context: AppContext, { row, state, events, veil }: SeenRun<OneRunInput>): Promise<RunView> {
  const shown = veil.size === 0 ? state : replay(events.map((event) => veil.cover(event)));
  const shortId = await shortenRunId(await context.history(), row.id);
  return viewRun(shown, { row, shortId, hidden: veil.size, now: Date.now() });
}

/** Which events. */
export interface ReadRunEventsInput extends OneRunInput {
  /** Only events after this one; all when left out. */
  readonly afterRunSeq?: number;
  readonly limit?: number;
}

/** A page of a run's history, oldest first. */
export interface EventPage {
  readonly items: readonly EventView[];
  /** What to give as `afterRunSeq` for the next page; null at the end. */
  readonly nextCursor: string | null;
}

/** A run's history: what everything else about it is derived from. */
export const readRunEvents = definePreparedUseCase<ReadRunEventsInput, EventPage, SeenRun<ReadRunEventsInput>>({
  name: "readRunEvents",
  permission: "runs:read",
  writes: false,
  prepare: lookAt,
  resource: aboutSeenRun,
  run: async (_context, { events, veil, input: { afterRunSeq = 0, limit = events.length } }) => {
    const rest = events.slice(afterRunSeq);
    const page = rest.slice(0, limit);
    return await Promise.resolve({
      items: page.map((event) => viewEvent(veil.cover(event))),
      nextCursor: page.length < rest.length ? String(afterRunSeq + page.length) : null,
    });
  },
});

/** `runs watch`: every event of a run from some place on, as it becomes durable, and the run itself at its end. */
export const followRun = definePreparedUseCase<
  ReadRunEventsInput,
  AsyncIterable<FollowedItem>,
  SeenRun<ReadRunEventsInput>
>({
  name: "followRun",
  permission: "runs:read",
  writes: false,
  prepare: lookAt,
  resource: aboutSeenRun,
  run: async (context, seen) => {
    const { input, state, veil } = seen;
    return await Promise.resolve(followEvents(context, { id: state.id, after: input.afterRunSeq ?? 0, veil }));
  },
});

/** Which output of a run. */
export interface ReadRunLogsInput extends OneRunInput, LogChoice {
  /** `cursor` of the last piece that was read: what comes after it. */
  readonly cursor?: string;
}

/** Output of a run. */
export interface LogPage {
  readonly items: readonly LogPiece[];
  /** What to give as `cursor` for what has been printed since; null when the run is over and nothing more can come. */
  readonly nextCursor: string | null;
}

/** Characters of one page of output; the next page goes on. */
const pageSize = 1024 * 1024;

/** `runs logs`: what the steps have printed so far. */
export const readRunLogs = definePreparedUseCase<ReadRunLogsInput, LogPage, SeenRun<ReadRunLogsInput>>({
  name: "readRunLogs",
  permission: "runs:read",
  writes: false,
  prepare: lookAt,
  resource: aboutSeenRun,
  run: async (context, seen) => {
    const items: LogPiece[] = [];
    let length = 0;
    for await (const piece of readLogs(context, { ...logRequest(seen), follow: false })) {
      items.push(piece);
      length += piece.text.length;
      if (length >= pageSize) break;
    }
    const last = items.at(-1)?.cursor ?? seen.input.cursor ?? "0";
    return { items, nextCursor: length < pageSize && isOver(seen.state.state) ? null : last };
  },
});

/** `runs logs --follow`: what the steps print, as they do, until the run is over. */
export const followRunLogs = definePreparedUseCase<
  ReadRunLogsInput,
  AsyncIterable<LogPiece>,
  SeenRun<ReadRunLogsInput>
>({
  name: "followRunLogs",
  permission: "runs:read",
  writes: false,
  prepare: lookAt,
  resource: aboutSeenRun,
  run: async (context, seen) => await Promise.resolve(readLogs(context, { ...logRequest(seen), follow: true })),
});

function logRequest({ input, state, events, veil }: SeenRun<ReadRunLogsInput>): Omit<LogRequest, "follow"> {
  const { id: _id, cursor, ...choice } = input;
  refuseUnknown({ state, veil, choice });
  return { state, events, veil, choice, cursor: parseLogCursor(cursor) };
}

/** A run that was begun, gone on with or ended. */
export interface ActedRun {
  readonly runId: string;
  /** The run in this process; null where another one executes it. */
  readonly handle: RunHandle | null;
}

/** How to cancel. */
export interface CancelRunInput extends OneRunInput {
  readonly reason: string;
  readonly atOnce: boolean;
}

/** `runs cancel`: tells the run's owner, or, where none lives, takes the run over and ends it here. */
export const cancelRun = defineUseCase<CancelRunInput, ActedRun>({
  name: "cancelRun",
  permission: "runs:cancel",
  writes: true,
  resource: aboutRun,
  run: async (context, { id, reason, atOnce }) => {
    const store = await context.store();
    const { row } = await readRun(context, id);
    if (isOver(row.state as RunStatus)) throw new MahavishnuError("RUN_STATE", `run ${row.id} is over: ${row.state}`);
    const wish = { actor: context.subject.name, reason, atOnce };
    if (row.owner === null || isUnowned(row, Date.now())) {
      const handle = await endHere(context, row.id, wish);
      if (handle !== null) return { runId: row.id, handle };
    }
    await store.requestCancel({ ...wish, runId: row.id, time: Date.now() });
    return { runId: row.id, handle: null };
  },
});

/** Takes a run over to end it; null when somebody else has taken it in the same moment, and is to be asked. */
async function endHere(context: AppContext, runId: string, wish: CancelWish): Promise<RunHandle | null> {
  try {
    return await (await context.engine()).resume(runId, wish);
  } catch (error) {
    if (error instanceof MahavishnuError && error.code === "RUN_OWNED") return null;
    throw error;
  }
}

/** `runs resume ID`: takes a run over whose process is gone, and goes on with it here. */
export const resumeRun = defineUseCase<OneRunInput, ActedRun>({
  name: "resumeRun",
  permission: "runs:start",
  writes: true,
  resource: aboutRun,
  run: async (context, { id }) => {
    const runId = await resolveRunId(context, id);
    return { runId, handle: await (await context.engine()).resume(runId) };
  },
});

/** What to do again. */
export interface RetryRunInput extends OneRunInput {
  readonly repositories?: readonly string[];
  readonly fromStep?: string;
}

/** `runs retry`: does again what did not succeed, in the same run. */
export const retryRun = defineUseCase<RetryRunInput, ActedRun>({
  name: "retryRun",
  permission: "runs:start",
  writes: true,
  resource: aboutRun,
  run: async (context, { id, ...choice }) => {
    const runId = await resolveRunId(context, id);
    const engine = await context.engine();
    const handle = await engine.retry(runId, choice, { actor: context.subject.name, reason: "retried by hand" });
    return { runId, handle };
  },
});

/** Runs that wait for somebody to take them over, oldest first. */
export interface InterruptedRuns {
  readonly items: readonly string[];
}

/** Ids of runs that wait for somebody to take them over, oldest first. */
export const listInterruptedRuns = defineUseCase<Record<string, never>, InterruptedRuns>({
  name: "listInterruptedRuns",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "runs", repositories: "any" }),
  run: async (context) => {
    const store = await context.history();
    const visible = await listVisible(context);
    const query = { limit: maxInterrupted, ...(visible === undefined ? {} : { visible }) };
    return { items: await store.listInterrupted(query) };
  },
});

/** Acting on a run takes the right for every repository of its plan. */
async function aboutRun({ id }: OneRunInput, context: AppContext): Promise<Resource> {
  const { state, veil, row } = await lookAt(context, { id });
  const names = Object.keys(state.plan.repositories);
  const isSeen = names.some((name) => !veil.hides(name)) || veil.size === 0;
  return {
    name: `run:${row.id}`,
    repositories: names,
    ...(isSeen || context.from === "cli" ? {} : { refusal: () => noSuchRun(id) }),
  };
}
