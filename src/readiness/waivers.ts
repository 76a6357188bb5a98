import { matchGlob } from "../selectors/match-glob.ts";
import type { Finding } from "./finding.ts";
import type { Result, Status } from "./types.ts";

/** The longest time that a waiver may hold, in days from the day on which it is read. */
export const longestWaiverDays = 90;

/** From how many days before its end a waiver is pointed out. */
const soonDays = 14;

/** One entry of waivers.yaml. A wrong one keeps what could be read, and says what is wrong. */
export interface Waiver {
  /** An id, or a glob of ids; empty when the entry has none. */
  readonly id: string;
  /** A repository or adapter, or a glob of names; all targets when left out. */
  readonly target?: string;
  readonly reason: string;
  readonly owner: string;
  /** `YYYY-MM-DD`, UTC, the last day included. */
  readonly expires: string;
  readonly ticket?: string;
  /** `waivers.yaml:4`. */
  readonly place: string;
  /** What is wrong with the entry as it stands in the file. A waiver with a problem waives nothing. */
  readonly problem?: string;
}

/** What became of a waiver in this run. */
export interface WaiverReport {
  readonly id: string;
  readonly target: string | null;
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
  readonly ticket: string | null;
  readonly place: string;
  /**
   * `applied`; `unneeded`: what it waives passes; `stale`: it matches nothing; `notPlanned`: what it waives is not
   * asked by this command; `expired`, `malformed`, `refused`: it waives nothing; `ignored`: `--no-waivers`.
   */
  readonly state: "applied" | "unneeded" | "stale" | "notPlanned" | "expired" | "malformed" | "refused" | "ignored";
  /** What is to be said about it; null when all is well. */
  readonly note: string | null;
  /** Results it took out: `RPO001 ledger`. */
  readonly applied: readonly string[];
}

/** What waivers are judged against. */
export interface WaiverRules {
  /** Today's date in UTC. */
  readonly today: string;
  /** Every id that the catalogue knows, and whether it counts in the security gate. */
  readonly catalogue: ReadonlyMap<string, { readonly security: boolean }>;
  /** `--no-waivers`. */
  readonly ignore?: boolean;
}

/** Results after the waivers, and what became of each waiver. */
export interface WaivedResults {
  readonly results: readonly Result[];
  readonly waivers: readonly WaiverReport[];
  readonly findings: readonly Finding[];
}

/** Statuses that a waiver can take out. What was never asked (blocked, notRun) waits for its cause. */
const waivable: ReadonlySet<Status> = new Set(["fail", "error", "timeout", "warn", "skipped", "inconclusive"]);

const globCharacters = /[*?]/;

/** Days from one date to another, both `YYYY-MM-DD`. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Whether a text is a date of the calendar, as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A waiver with what was found out about it before any result is looked at. */
interface JudgedWaiver {
  readonly waiver: Waiver;
  /** Why it waives nothing; undefined for a good one. */
  readonly bad?: { readonly state: "expired" | "malformed" | "refused"; readonly note: string };
  matchesId(id: string): boolean;
  matches(result: Result): boolean;
}

function judge(waiver: Waiver, rules: WaiverRules): JudgedWaiver {
  const matchesId = (id: string): boolean => matchGlob(waiver.id, id);
  const matchesTarget = (result: Result): boolean =>
    waiver.target === undefined || (result.target !== null && matchGlob(waiver.target, result.target.name));
  const bad = findDefect(waiver, rules, matchesId);
  return {
    waiver,
    ...(bad === undefined ? {} : { bad }),
    matchesId,
    matches: (result) => matchesId(result.id) && matchesTarget(result),
  };
}

/** Why a waiver waives nothing. It fails closed: whatever is not understood is as if the waiver were not there. */
function findDefect(waiver: Waiver, rules: WaiverRules, matchesId: (id: string) => boolean): JudgedWaiver["bad"] {
  if (waiver.problem !== undefined) return { state: "malformed", note: waiver.problem };
  if (!isDate(waiver.expires)) {
    return { state: "malformed", note: `"${waiver.expires}" is not a date; write YYYY-MM-DD` };
  }
  if (waiver.expires < rules.today) return { state: "expired", note: `expired on ${waiver.expires}` };
  if (daysBetween(rules.today, waiver.expires) > longestWaiverDays) {
    return { state: "malformed", note: `${waiver.expires} is more than ${longestWaiverDays} days away` };
  }
  const broad = globCharacters.test(waiver.id) || globCharacters.test(waiver.target ?? "");
  const security = [...rules.catalogue].filter(([id, entry]) => entry.security && matchesId(id)).map(([id]) => id);
  if (broad && security.length > 0) {
    return {
      state: "refused",
      note: `a wildcard may not waive security checks, and this one reaches ${security.join(", ")}`,
    };
  }
  return undefined;
}

/**
 * Takes waived results out, and says what became of each waiver. A waiver that is expired, malformed or refused is as
 * if it were not there. Where one of several waivers of a result is expired or malformed, none of them holds: two waivers
 * of one id must not hide an expiry.
 */
export function applyWaivers(
  results: readonly Result[],
  waivers: readonly Waiver[],
  rules: WaiverRules,
): WaivedResults {
  if (rules.ignore === true) {
    return { results, waivers: waivers.map((waiver) => report(waiver, "ignored", "--no-waivers", [])), findings: [] };
  }
  const judged = waivers.map((waiver) => judge(waiver, rules));
  const applied = new Map<JudgedWaiver, Result[]>(judged.map((entry) => [entry, []]));
  const waived = results.map((result) => {
    const matching = judged.filter((entry) => entry.matches(result) && entry.bad?.state !== "refused");
    const first = matching[0];
    if (first === undefined || !waivable.has(result.status)) return result;
    if (matching.some((entry) => entry.bad !== undefined)) return result;
    applied.get(first)?.push(result);
    return waive(result, first.waiver);
  });
  const reports = judged.map((entry) => conclude(entry, applied.get(entry) ?? [], judged, results, rules));
  return { results: waived, waivers: reports, findings: reports.flatMap(findingOf) };
}

function waive(result: Result, waiver: Waiver): Result {
  const { reason, owner, expires } = waiver;
  return {
    ...result,
    status: "waived",
    waiver: { reason, owner, expires, ticket: waiver.ticket ?? null, status: result.status },
  };
}

/** What became of a waiver. */
function conclude(
  entry: JudgedWaiver,
  applied: readonly Result[],
  all: readonly JudgedWaiver[],
  results: readonly Result[],
  rules: WaiverRules,
): WaiverReport {
  const { waiver } = entry;
  if (entry.bad !== undefined) return report(waiver, entry.bad.state, entry.bad.note, []);
  const left = daysBetween(rules.today, waiver.expires);
  const soon =
    left > soonDays ? null : left === 0 ? "holds for the last day" : `ends in ${left} ${left === 1 ? "day" : "days"}`;
  if (applied.length > 0) return report(waiver, "applied", soon, applied);
  const known = [...rules.catalogue.keys()].some((id) => entry.matchesId(id));
  if (!known) return report(waiver, "stale", "no check has this id", []);
  const answers = results.filter((result) => entry.matchesId(result.id));
  if (answers.length === 0) return report(waiver, "notPlanned", null, []);
  const own = answers.filter((result) => entry.matches(result));
  if (own.length === 0) return report(waiver, "stale", `no result has the target ${waiver.target ?? ""}`.trimEnd(), []);
  const rival = all.find(
    (other) => other !== entry && own.some((result) => waivable.has(result.status) && other.matches(result)),
  );
  if (rival !== undefined) return report(waiver, "stale", `${rival.waiver.place} waives the same`, []);
  const passes = own.some((result) => result.status === "pass" || result.status === "notApplicable");
  return passes
    ? report(waiver, "unneeded", "what it waives passes now: remove it", [])
    : report(waiver, "notPlanned", null, []);
}

function report(
  waiver: Waiver,
  state: WaiverReport["state"],
  note: string | null,
  applied: readonly Result[],
): WaiverReport {
  const { id, reason, owner, expires, place } = waiver;
  const names = applied.map((result) => (result.target === null ? result.id : `${result.id} ${result.target.name}`));
  return {
    id,
    target: waiver.target ?? null,
    reason,
    owner,
    expires,
    ticket: waiver.ticket ?? null,
    place,
    state,
    note,
    applied: names,
  };
}

/** What the verdict must know of a waiver. A bad one is only a note here: what it should have waived counts by itself. */
function findingOf(entry: WaiverReport): Finding[] {
  if (entry.note === null || entry.state === "ignored") return [];
  const name =
    entry.id === "" ? "a waiver" : `the waiver of ${entry.id}${entry.target === null ? "" : ` ${entry.target}`}`;
  const text = `${entry.place}: ${name} ${entry.state === "applied" ? "" : `is ${entry.state}: `}${entry.note}`;
  return [{ level: entry.state === "unneeded" ? "note" : "concern", text }];
}
