import { rehearseUpgrade } from "../../store/upgrade-database.ts";
import { defineUseCase } from "../use-case.ts";

/** What `upgrade` is asked for. */
export interface UpgradeInput {
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/** What an upgrade of the state did, or would do. */
export interface UpgradeReport {
  /** `none` when the state fits this version, or there is none yet. */
  readonly outcome: "none" | "planned" | "blocked" | "upgraded";
  readonly file: string;
  /** Versions of the schema; null where there is no state yet. */
  readonly from: number | null;
  readonly to: number | null;
  readonly bytes: number;
  /** How long it took on a copy. */
  readonly ms: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly runs: number;
  readonly events: number;
  readonly auditEntries: number;
  /** Processes that have to be stopped first. */
  readonly pids: readonly number[];
}

/**
 * `upgrade`: tries on a copy what bringing the state to this version's schema does, and then does it. It counts as a read for the door, whose
 * trail lies in the very database: what was done is written there afterwards.
 */
export const upgradeState = defineUseCase<UpgradeInput, UpgradeReport>({
  name: "upgradeState",
  permission: "workspace:write",
  writes: false,
  resource: () => ({ name: "state" }),
  run: async (context, { dryRun }) => {
    const file = context.loaded.paths.stateFile;
    const rehearsal = rehearseUpgrade(file);
    if (rehearsal === null) {
      const nothing = { bytes: 0, ms: 0, added: [], changed: [], runs: 0, events: 0, auditEntries: 0, pids: [] };
      return { outcome: "none", file, from: null, to: null, ...nothing };
    }
    if (rehearsal.from === rehearsal.to) return { outcome: "none", file, ...rehearsal };
    if (dryRun) return { outcome: rehearsal.pids.length > 0 ? "blocked" : "planned", file, ...rehearsal };
    // Opening brings it forward, and refuses while somebody is at work.
    const store = await context.store();
    await store.appendAudit({
      time: Date.now(),
      actor: context.subject.name,
      action: "workspace:write",
      resource: "state",
      decision: "allowed",
      reason: "upgrade",
      requestId: context.requestId,
      from: context.from,
      before: { schema: rehearsal.from },
      after: { schema: rehearsal.to },
    });
    return { outcome: "upgraded", file, ...rehearsal };
  },
});
