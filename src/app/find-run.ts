import { MahavishnuError } from "../lib/errors.ts";
import { runIdLength } from "../lib/ids.ts";
import type { AppContext } from "./app-context.ts";
import { listVisible } from "./run-veil.ts";
import type { StoredRun } from "./stored-run.ts";
import { replay } from "../engine/reduce.ts";
import type { RunDirectory } from "../store/contract.ts";

/** How many ids a message names when a short one fits several. */
const namedIds = 5;

/**
 * The id that a user means: whole, or its beginning while that is unique. To who may not see all runs, several that begin alike are
 * as if none did: they may be others'.
 *
 * @throws MahavishnuError RUN_NOT_FOUND
 */
export async function resolveRunId(context: AppContext, text: string): Promise<string> {
  const { from } = context;
  const store = await context.history();
  const prefix = text.toLowerCase();
  const ids = prefix === "" ? [] : await store.findRunIds(prefix, namedIds + 1);
  const [only] = ids;
  if (only !== undefined && (ids.length === 1 || only === prefix)) return only;
  if (ids.length === 0 || (await listVisible(context)) !== undefined) throw noSuchRun(text);
  const more = ids.length > namedIds ? " and more" : "";
  // Who asks over the network may not see them all.
  const names = from === "cli" ? `: ${ids.slice(0, namedIds).join(", ")}${more}` : "";
  throw new MahavishnuError("RUN_NOT_FOUND", `"${text}" fits more than one run${names}`, {
    fix: "Write more of the id.",
  });
}

/** Runs with more events than this are not remembered. */
const rememberedEvents = 200;

/** A run's row, its history, and the state that follows from it. @throws MahavishnuError RUN_NOT_FOUND */
export async function readRun(context: AppContext, text: string): Promise<StoredRun> {
  const { recentRuns } = context;
  const store = await context.history();
  let row = text.length === runIdLength ? await store.getRun(text.toLowerCase()) : null;
  const id = row?.id ?? (await resolveRunId(context, text));
  const known = recentRuns.get(id);
  row ??= await store.getRun(id);
  if (known !== undefined && row !== null && known.row.runSeq === row.runSeq) return { ...known, row };
  const events = await store.readEvents(id);
  row = await store.getRun(id);
  if (row === null) throw noSuchRun(text);
  const run = { row, events, state: replay(events) };
  if (row.endedAt !== null && row.runSeq === events.length && events.length <= rememberedEvents)
    recentRuns.set(id, run);
  return run;
}

/** What is said of a run that is not there, or that the subject may not see. */
export function noSuchRun(text: string): MahavishnuError {
  return new MahavishnuError("RUN_NOT_FOUND", `there is no run "${text}"`);
}

/** Shorter than this an id is not recognised by eye. */
const leastLength = 4;

/**
 * The beginning of a run's id that tells it apart from all other runs, at least four characters.
 *
 * @example
 * await shortenRunId(store, "k3v9q0x2mf"); // "k3v9"
 */
export async function shortenRunId(store: Pick<RunDirectory, "findRunNeighbours">, id: string): Promise<string> {
  const shared = (await store.findRunNeighbours(id)).map((other) => {
    let length = 0;
    while (length < id.length && other[length] === id[length]) length += 1;
    return length;
  });
  return id.slice(0, Math.max(leastLength, 1 + Math.max(-1, ...shared)));
}
