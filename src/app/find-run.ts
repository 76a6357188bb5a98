import { MahavishnuError } from "../lib/errors.ts";
import { runIdLength } from "../lib/ids.ts";
import { replay } from "../engine/reduce.ts";
import type { RunState } from "../engine/state.ts";
import type { EventRecord, RunDirectory, RunRow, Store } from "../store/contract.ts";

/** How many ids a message names when a short one fits several. */
const namedIds = 5;

/**
 * The id that a user means: whole, or its beginning while that is unique.
 *
 * @throws MahavishnuError RUN_NOT_FOUND
 */
export async function resolveRunId(store: Store, text: string): Promise<string> {
  const prefix = text.toLowerCase();
  if (prefix.length === runIdLength && (await store.getRun(prefix)) !== null) return prefix;
  const ids = prefix === "" ? [] : await store.findRunIds(prefix, namedIds + 1);
  const [only] = ids;
  if (only !== undefined && (ids.length === 1 || only === prefix)) return only;
  if (ids.length === 0) throw noSuchRun(text);
  const more = ids.length > namedIds ? " and more" : "";
  throw new MahavishnuError(
    "RUN_NOT_FOUND",
    `"${text}" fits more than one run: ${ids.slice(0, namedIds).join(", ")}${more}`,
    {
      fix: "Write more of the id.",
    },
  );
}

/** A run as the store has it. */
export interface StoredRun {
  readonly row: RunRow;
  readonly events: readonly EventRecord[];
  readonly state: RunState;
}

/** A run's row, its history, and the state that follows from it. */
export async function readRun(store: Store, text: string): Promise<StoredRun> {
  const id = await resolveRunId(store, text);
  const events = await store.readEvents(id);
  const row = await store.getRun(id);
  if (row === null) throw noSuchRun(text);
  return { row, events, state: replay(events) };
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
