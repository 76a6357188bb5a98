import { listRuns, type RunPage } from "../app/use-cases/runs.ts";
import type { RunsListFlags } from "./command-options.ts";
import type { Door } from "./door.ts";

/** Runs listed when `--limit` is left out. */
const defaultLimit = 20;

/** A whole page: what is rare is given in parts, each after a bounded search. */
export async function collectRuns(door: Pick<Door, "perform">, options: RunsListFlags): Promise<RunPage> {
  const { state, workflow, filter, limit = defaultLimit, cursor } = options;
  const items: RunPage["items"][number][] = [];
  for (let at = cursor; ;) {
    const part = await door.perform(listRuns, {
      limit: limit - items.length,
      ...(state === undefined ? {} : { states: state }),
      ...(workflow === undefined ? {} : { workflow }),
      ...(filter === undefined ? {} : { filter }),
      ...(at === undefined ? {} : { cursor: at }),
    });
    items.push(...part.items);
    if (part.nextCursor === null || items.length >= limit) return { items, nextCursor: part.nextCursor };
    at = part.nextCursor;
  }
}
