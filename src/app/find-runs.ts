import { setImmediate } from "node:timers/promises";
import type { RunDirectory, RunQuery, RunRow } from "../store/contract.ts";

/** What was found, the newest first. */
export interface FoundRuns {
  readonly rows: readonly RunRow[];
  /** What to give as `beforePosition` to go on; null when there are no more. */
  readonly next: number | null;
}

/** How a search is bounded. */
export interface SearchBounds {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from some moment on. */
  readonly clock?: () => number;
}

/** A search that has taken so long stops with what it has. */
const budgetMs = 100;
/** Runs looked at in one go at first: then more while that is quick, and fewer when it is not. */
const firstSize = 64;
const leastSize = 16;
const mostSize = 4096;
/** Milliseconds that one go should take. Nothing else happens in this process meanwhile. */
const quickMs = 5;
const slowMs = 20;

/**
 * Looks for up to `limit` runs, from the newest on or from `beforePosition` down, for a bounded time: whoever asks for what is rare
 * gets what was found so far, and where to go on.
 */
export async function findRuns(
  store: Pick<RunDirectory, "listRuns">,
  query: Omit<RunQuery, "fromPosition">,
  { signal, clock = () => performance.now() }: SearchBounds = {},
): Promise<FoundRuns> {
  const { limit } = query;
  // Of all runs, those that are wanted stand next to each other.
  if (!isPicky(query)) return endPage(await store.listRuns({ ...query, limit: limit + 1 }), limit, null);
  const [newest] = await store.listRuns({ limit: 1 });
  const end = (newest?.position ?? 0) + 1;
  const begun = clock();
  const rows: RunRow[] = [];
  let size = firstSize;
  for (let before = Math.min(query.beforePosition ?? end, end); before > 1;) {
    signal?.throwIfAborted();
    const from = Math.max(1, before - size);
    const at = clock();
    const part = { beforePosition: before, fromPosition: from, limit: limit + 1 - rows.length };
    rows.push(...(await store.listRuns({ ...query, ...part })));
    before = from;
    const now = clock();
    if (rows.length > limit) break;
    if (now - begun >= budgetMs) return endPage(rows, limit, before > 1 ? before : null);
    if (now - at < quickMs) size = Math.min(mostSize, size * 2);
    else if (now - at > slowMs) size = Math.max(leastSize, Math.floor(size / 4));
    await setImmediate();
  }
  return endPage(rows, limit, null);
}

function isPicky({ states, workflow, filters = [], visible }: RunQuery): boolean {
  return states !== undefined || workflow !== undefined || filters.length > 0 || visible !== undefined;
}

/** One row too many tells that there are more. */
function endPage(rows: readonly RunRow[], limit: number, next: number | null): FoundRuns {
  if (rows.length <= limit) return { rows, next };
  const page = rows.slice(0, limit);
  return { rows: page, next: page.at(-1)?.position ?? null };
}
