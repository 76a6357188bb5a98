import type { RunRow, Store } from "../store/contract.ts";
import { isInterrupted } from "./run-view.ts";

/**
 * Whether nothing more comes of a run that is not over, unless somebody does something: its process went away, and there is no server
 * that would take it over.
 */
export async function isLeft(store: Pick<Store, "listServers">, row: RunRow): Promise<boolean> {
  return isInterrupted(row, Date.now()) && (await store.listServers()).length === 0;
}
