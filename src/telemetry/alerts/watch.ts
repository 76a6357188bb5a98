import type { Store } from "../../store/contract.ts";
import type { AlertRow, RuleRow } from "../../store/alert-contract.ts";
import type { AlertRule } from "./alert-rule.ts";
import type { Observation } from "./step-alert.ts";

/** What one look gave. */
export interface Look {
  /** False when nothing is known: then nothing begins and nothing ends. */
  readonly isKnown: boolean;
  /** Why nothing is known. */
  readonly note: string | null;
  /** The figure that is watched. */
  readonly value: number | null;
  /** Everything that holds; what is not among it has ended. */
  readonly holding: readonly Omit<Observation, "source" | "holds">[];
}

/** What is looked at again and again on behalf of one rule. */
export interface Watch {
  readonly rule: AlertRule;
  readonly source: string;
  /** A look is not taken again sooner than this; one that costs much rests for longer. */
  readonly restMs: number;
  look(known: { readonly rule: RuleRow; readonly now: number }): Promise<Look>;
  /** Whether an alert of this rule that another server saw has been left behind. */
  readonly isLeft?: (row: AlertRow, now: number) => boolean;
}

/** How a part of this server was found. */
export interface PartCheck {
  readonly name: string;
  readonly status: "pass" | "warn" | "fail";
  readonly output?: string;
}

/** What is watched besides the store. */
export interface Surroundings {
  /** Whether a run touches a repository that a selector picks. */
  readonly touches: (runId: string, where: string) => Promise<boolean>;
  /** The name by which this server is known, and how its parts are; null while it is being started or stopped. */
  readonly health: { readonly server: string; readonly checks: () => Promise<readonly PartCheck[] | null> };
  /** The last readiness suite of each command that has ended. */
  readonly lastSuites: () => Promise<readonly SuiteEnd[]>;
  /** Names of the outgoing webhooks. */
  readonly webhooks: readonly string[];
  readonly backups: () => Promise<{
    /** The last one that was tried. */
    readonly last: { readonly at: number; readonly ok: boolean } | null;
    readonly lastGoodAt: number | null;
  } | null>;
  readonly backupMaxAgeMs: number;
  /** How much the state folder holds. */
  readonly stateBytes: () => Promise<number>;
  /** Which part of the disk with the state is free, from 0 to 1. */
  readonly freeRatio: () => Promise<number>;
  readonly burnRate: (slo: string, now: number) => Promise<BurnState>;
}

/** A readiness suite that has ended. */
export interface SuiteEnd {
  readonly id: string;
  readonly command: string;
  readonly isReady: boolean;
  readonly endedAt: number;
}

/** How fast an error budget is spent. */
export interface BurnState {
  readonly state: "unknown" | "ok" | "burning";
  /** How many times too fast. */
  readonly value: number | null;
  readonly note: string | null;
}

/** The parts of the store that are looked at. */
export type WatchedStore = Pick<
  Store,
  "countEndedSince" | "countWaiting" | "getRun" | "lastDeliveryEnd" | "listEndedSince" | "listInterrupted"
>;

/** Nothing holds. */
export const nothingHolds: Look = { isKnown: true, note: null, value: null, holding: [] };

/** Nothing is known. */
export function unknownLook(note: string, value: number | null = null): Look {
  return { isKnown: false, note, value, holding: [] };
}
