import { createHash } from "node:crypto";
import type { AlertRow, SilenceRow } from "../../store/alert-contract.ts";
import type { AlertRule } from "./alert-rule.ts";

/** What was found about one thing that a rule is about. */
export interface Observation {
  /** What has looked; see `AlertRow.source`. */
  readonly source: string;
  /** What it is about. */
  readonly about: Readonly<Record<string, string>>;
  readonly holds: boolean;
  /** When it happened, or was looked at. */
  readonly time: number;
  readonly summary: string;
  readonly description: string;
  readonly runId?: string | null;
  readonly value?: number | null;
  /** Whether it is one more of the same, and not the same seen again. */
  readonly isOneMore?: boolean;
  readonly note?: string | null;
}

/** The parts of a rule that say when somebody is told. */
export type RuleTiming = Pick<AlertRule, "name" | "forMs" | "groupWaitMs" | "repeatMs">;

/** Once told that it fires, nobody is told so again sooner than this, however often it comes and goes meanwhile. */
export const leastApartMs = 60_000;

/**
 * The name of what a rule is about, the same whoever makes it.
 *
 * @example
 * fingerprintOf("failures", "runs", { workflow: "ship" });
 */
export function fingerprintOf(rule: string, source: string, about: Readonly<Record<string, string>>): string {
  const labels = Object.entries(about).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([rule, source, labels]))
    .digest("hex")
    .slice(0, 16);
}

/** How an alert stands after something was found about it; undefined while there is nothing to be known. */
export function stepAlert(
  row: AlertRow | undefined,
  rule: RuleTiming,
  found: Observation,
  now: number,
): AlertRow | undefined {
  if (!found.holds) return row === undefined ? undefined : endAlert(row, found, now);
  const { summary, description, runId = null, value = null, isOneMore = false, note = null } = found;
  const told = { summary, description, runId, value, note, seenAt: now };
  if (row === undefined || row.state === "resolved") {
    // Receivers who were told that it fires, and not yet that it is over, need not hear that it was.
    const goesOn = row?.isTold === true;
    const begun: AlertRow = {
      fingerprint: fingerprintOf(rule.name, found.source, found.about),
      rule: rule.name,
      source: found.source,
      labels: found.about,
      state: goesOn ? "firing" : "pending",
      // A clock that was set back makes nothing wait for the future.
      since: goesOn ? row.since : Math.min(found.time, now),
      firedAt: goesOn ? row.firedAt : null,
      endedAt: null,
      changedAt: now,
      isTold: goesOn,
      toldAt: row?.toldAt ?? null,
      count: goesOn ? row.count + 1 : 1,
      ...told,
    };
    return ripenAlert(begun, rule, now);
  }
  const next = { ...row, ...told, count: row.count + (isOneMore ? 1 : 0) };
  return ripenAlert(next, rule, now);
}

function endAlert(row: AlertRow, { time, note = null }: Observation, now: number): AlertRow {
  if (row.state === "resolved") return row;
  return { ...row, state: "resolved", endedAt: Math.max(time, row.since), changedAt: now, note };
}

/** What has been pending for long enough fires. */
export function ripenAlert(row: AlertRow, { forMs }: RuleTiming, now: number): AlertRow {
  if (row.state !== "pending" || now - row.since < forMs) return row;
  return { ...row, state: "firing", firedAt: now, changedAt: now };
}

/** What there is to tell receivers: that it fires, also once more; that it is over, if they know that it fired. */
export function owedOf(row: AlertRow): "firing" | "resolved" | null {
  if (row.state === "firing") return "firing";
  return row.state === "resolved" && row.isTold ? "resolved" : null;
}

/** When it is to be told; null when there is nothing to tell. */
export function dueAt(row: AlertRow, rule: RuleTiming): number | null {
  const owed = owedOf(row);
  if (owed === null) return null;
  if (owed === "firing" && row.isTold) return (row.toldAt ?? row.changedAt) + rule.repeatMs;
  const waited = row.changedAt + rule.groupWaitMs;
  return owed === "firing" && row.toldAt !== null ? Math.max(waited, row.toldAt + leastApartMs) : waited;
}

/**
 * The alerts of a rule that are told now, together: once the first of them has waited for long enough, all that are news go with it.
 * One that is silenced is told when the silence is over; that it has ended is told at once to those who know that it fired.
 */
export function pickTold(
  rows: readonly AlertRow[],
  rule: RuleTiming,
  isSilenced: (row: AlertRow) => boolean,
  now: number,
): readonly AlertRow[] {
  const owing = rows.filter((row) => owedOf(row) === "resolved" || (owedOf(row) === "firing" && !isSilenced(row)));
  if (!owing.some((row) => (dueAt(row, rule) ?? Number.POSITIVE_INFINITY) <= now)) return [];
  return owing.filter((row) => mayJoin(row, rule, now));
}

/** Whether it is told together with others, before it has waited for long enough itself. */
function mayJoin(row: AlertRow, rule: RuleTiming, now: number): boolean {
  if (row.state !== "firing") return true;
  if (row.isTold) return (dueAt(row, rule) ?? now) <= now;
  return row.toldAt === null || row.toldAt + leastApartMs <= now;
}

/** The same alert once it has been told. */
export function markTold(row: AlertRow, now: number): AlertRow {
  return row.state === "firing" ? { ...row, isTold: true, toldAt: now } : { ...row, isTold: false };
}

/** The silence that keeps an alert from being told; undefined when none does. */
export function silenceOf(
  { rule, labels }: Pick<AlertRow, "rule" | "labels">,
  silences: readonly SilenceRow[],
  now: number,
): SilenceRow | undefined {
  return silences.find(
    (silence) =>
      silence.rule === rule &&
      silence.until > now &&
      Object.entries(silence.labels).every(([name, value]) => labels[name] === value),
  );
}
