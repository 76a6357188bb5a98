import { MahavishnuError } from "../lib/errors.ts";
import { replay } from "../engine/reduce.ts";
import type { RunState } from "../engine/state.ts";
import type { RunRow, Store } from "../store/contract.ts";

/** How many ids a message names when a short one fits several. */
const namedIds = 5;

/**
 * The id that a user means: whole, or its beginning while that is unique.
 *
 * @throws MahavishnuError RUN_NOT_FOUND
 */
export async function resolveRunId(store: Store, text: string): Promise<string> {
  const prefix = text.toLowerCase();
  const ids = prefix === "" ? [] : await store.findRunIds(prefix, namedIds + 1);
  const [only] = ids;
  if (only !== undefined && (ids.length === 1 || only === prefix)) return only;
  if (ids.length === 0) throw new MahavishnuError("RUN_NOT_FOUND", `there is no run "${text}"`);
  const more = ids.length > namedIds ? " and more" : "";
  throw new MahavishnuError(
    "RUN_NOT_FOUND",
    `"${text}" fits more than one run: ${ids.slice(0, namedIds).join(", ")}${more}`,
    {
      fix: "Write more of the id.",
    },
  );
}

/** A run's row and its state, replayed from its history. */
export async function readRun(store: Store, text: string): Promise<{ readonly row: RunRow; readonly state: RunState }> {
  const id = await resolveRunId(store, text);
  const events = await store.readEvents(id);
  const row = await store.getRun(id);
  if (row === null) throw new MahavishnuError("RUN_NOT_FOUND", `there is no run "${text}"`);
  return { row, state: replay(events) };
}
