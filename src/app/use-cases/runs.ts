import { MahavishnuError } from "../../lib/errors.ts";
import type { RunHandle } from "../../engine/engine.ts";
import { isOver, type RunState, type RunStatus } from "../../engine/state.ts";
import type { RunRow } from "../../store/contract.ts";
import type { AppContext } from "../app-context.ts";
import { readRun, resolveRunId } from "../find-run.ts";
import { isInterrupted, type RunListItem, viewRow } from "../run-view.ts";
import { defineUseCase, type Resource } from "../use-case.ts";

/** States of a run that is not over. */
const activeStates: readonly RunStatus[] = ["queued", "running", "paused", "cancelling"];
/** Rows read at once while looking for interrupted runs, which no column tells. */
const scanSize = 200;

/** Which runs to list. */
export interface ListRunsInput {
  readonly states?: readonly string[];
  readonly workflow?: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of runs, newest first. */
export interface RunPage {
  readonly items: readonly RunListItem[];
  readonly nextCursor: string | null;
}

/** `runs list`. */
export const listRuns = defineUseCase<ListRunsInput, RunPage>({
  name: "listRuns",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "runs", repositories: "any" }),
  run: async (context, { states, workflow, limit, cursor }) => {
    const store = await context.history();
    const wanted = states === undefined ? undefined : new Set(states);
    const stored =
      wanted === undefined
        ? undefined
        : [...wanted.difference(new Set(["interrupted"])), ...(wanted.has("interrupted") ? activeStates : [])];
    const found: { row: RunRow; item: RunListItem }[] = [];
    for (let before = parseCursor(cursor); found.length <= limit;) {
      const rows = await store.listRuns({
        limit: scanSize,
        ...(stored === undefined ? {} : { states: [...new Set(stored)] }),
        ...(workflow === undefined ? {} : { workflow }),
        ...(before === undefined ? {} : { beforePosition: before }),
      });
      const now = Date.now();
      const items = rows.map((row) => ({ row, item: viewRow(row, now) }));
      found.push(...items.filter(({ item }) => wanted === undefined || wanted.has(item.state)));
      if (rows.length < scanSize) break;
      before = rows.at(-1)?.position;
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ item }) => item),
      nextCursor: found.length > limit && last !== undefined ? String(last.row.position) : null,
    };
  },
});

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

/** A run's row and state. */
export interface ShownRun {
  readonly row: RunRow;
  readonly state: RunState;
}

/** `runs show`, and what `logs` and `watch` begin with. */
export const showRun = defineUseCase<OneRunInput, ShownRun>({
  name: "showRun",
  permission: "runs:read",
  writes: false,
  resource: aboutRun,
  run: async (context, { id }) => await readRun(await context.history(), id),
});

/** How to cancel. */
export interface CancelRunInput extends OneRunInput {
  readonly reason: string;
  readonly atOnce: boolean;
}

/** `runs cancel`: tells the run's owner, or, where none lives, takes the run over and ends it here. */
export const cancelRun = defineUseCase<CancelRunInput, { readonly runId: string; readonly handle: RunHandle | null }>({
  name: "cancelRun",
  permission: "runs:cancel",
  writes: true,
  resource: aboutRun,
  run: async (context, { id, reason, atOnce }) => {
    const store = await context.store();
    const { row } = await readRun(store, id);
    if (isOver(row.state as RunStatus)) throw new MahavishnuError("RUN_STATE", `run ${row.id} is over: ${row.state}`);
    const wish = { actor: context.subject.name, reason, atOnce };
    if (isInterrupted(row, Date.now())) {
      return { runId: row.id, handle: await (await context.engine()).resume(row.id, wish) };
    }
    await store.requestCancel({ ...wish, runId: row.id, time: Date.now() });
    return { runId: row.id, handle: null };
  },
});

/** `runs resume ID`: takes a run over whose process is gone, and goes on with it here. */
export const resumeRun = defineUseCase<OneRunInput, RunHandle>({
  name: "resumeRun",
  permission: "runs:start",
  writes: true,
  resource: aboutRun,
  run: async (context, { id }) => {
    const runId = await resolveRunId(await context.store(), id);
    return await (await context.engine()).resume(runId);
  },
});

/** What to do again. */
export interface RetryRunInput extends OneRunInput {
  readonly repositories?: readonly string[];
  readonly fromStep?: string;
}

/** `runs retry`: does again what did not succeed, in the same run. */
export const retryRun = defineUseCase<RetryRunInput, RunHandle>({
  name: "retryRun",
  permission: "runs:start",
  writes: true,
  resource: aboutRun,
  run: async (context, { id, ...choice }) => {
    const runId = await resolveRunId(await context.store(), id);
    const engine = await context.engine();
    return await engine.retry(runId, choice, { actor: context.subject.name, reason: "retried by hand" });
  },
});

/** Ids of runs that wait for somebody to take them over, oldest first. */
export const listInterruptedRuns = defineUseCase<Record<string, never>, readonly string[]>({
  name: "listInterruptedRuns",
  permission: "runs:read",
  writes: false,
  resource: () => ({ name: "runs", repositories: "any" }),
  run: async (context) => {
    const store = await context.history();
    const rows = await store.listRuns({ states: activeStates, limit: 1_000 });
    const now = Date.now();
    return rows
      .filter((row) => isInterrupted(row, now))
      .map((row) => row.id)
      .toReversed();
  },
});

/** A run touches the repositories of its plan. */
async function aboutRun({ id }: OneRunInput, context: AppContext): Promise<Resource> {
  const { row, state } = await readRun(await context.history(), id);
  return { name: `run:${row.id}`, repositories: Object.keys(state.plan.repositories) };
}
