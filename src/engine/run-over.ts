import { MahavishnuError } from "../lib/errors.ts";
import { isOver, type RunStatus } from "./state.ts";

/** Somebody else has the run, or it is over: there is nothing to do, and nothing went wrong. */
export const goneCodes: ReadonlySet<string> = new Set(["RUN_OWNED", "RUN_STATE", "RUN_NOT_FOUND"]);

/** @throws MahavishnuError RUN_STATE when a run of this state is over. */
export function refuseOver(runId: string, state: RunStatus): void {
  if (isOver(state)) throw new MahavishnuError("RUN_STATE", `run ${runId} is over: ${state}`);
}
