import { escapeControl } from "../lib/escape-control.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import type { AuditFilter, AuditHead, StoredAuditEntry } from "../store/audit-contract.ts";

/** One entry of the audit trail as it is told. */
export interface AuditItem {
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly decision: "allowed" | "denied";
  readonly reason: string;
  /** `cli`, or the address of who asked. */
  readonly from: string;
  readonly requestId: string;
  readonly before: Json;
  readonly after: Json;
  readonly hash: string;
}

/** Which entries are asked for; all that is given must hold. */
export interface AuditFilterInput {
  readonly actor?: string;
  readonly action?: string;
  /** How the resource begins: `run:`. */
  readonly resource?: string;
  readonly decision?: "allowed" | "denied";
  /** ISO 8601; not before this. */
  readonly since?: string;
  /** ISO 8601; before this. */
  readonly until?: string;
}

/** @throws MahavishnuError STATE_DAMAGED for a time that the trail never writes. */
export function viewAuditEntry(entry: StoredAuditEntry): AuditItem {
  const { seq, time, actor, action, resource, decision, reason, from, requestId, before, after, hash } = entry;
  // The year 9999: what is later has another form, and only somebody who edits the file can have put it there.
  if (!Number.isInteger(time) || time < 0 || time > 253_402_300_799_999) {
    throw new MahavishnuError("STATE_DAMAGED", `the time of entry ${seq} of the audit trail is not what was written`, {
      fix: "See `mahavishnu audit verify`.",
    });
  }
  const iso = new Date(time).toISOString();
  return { seq, time: iso, actor, action, resource, decision, reason, from, requestId, before, after, hash };
}

/** @throws MahavishnuError USAGE for a time that is none. */
export function readAuditFilter(input: AuditFilterInput): AuditFilter {
  const { actor, action, resource, decision, since, until } = input;
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(resource === undefined ? {} : { resourcePrefix: resource }),
    ...(decision === undefined ? {} : { decision }),
    ...(since === undefined ? {} : { since: parseTime(since) }),
    ...(until === undefined ? {} : { until: parseTime(until) }),
  };
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new MahavishnuError("USAGE", `"${text}" is no time`, { fix: "Write it as 2030-01-31T12:00:00Z." });
}

/** @throws MahavishnuError USAGE */
export function parseAuditCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new MahavishnuError("USAGE", `"${cursor}" is no cursor`, { fix: "Use the nextCursor of the page before." });
}

/** Reads `SEQ:HASH`. @throws MahavishnuError USAGE */
export function parseAuditHead(text: string): AuditHead {
  const match = /^(0|[1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match?.[2] !== undefined) return { seq: Number(match[1]), hash: match[2] };
  throw new MahavishnuError("USAGE", `"${text}" is no head of an audit trail`, {
    fix: "Write SEQ:HASH as `mahavishnu audit verify` prints it.",
  });
}

const columns = [
  "seq",
  "time",
  "actor",
  "action",
  "resource",
  "decision",
  "reason",
  "from",
  "requestId",
  "before",
  "after",
  "hash",
] as const;

/** The first line of a CSV export, with its end. */
export const auditCsvHeader: string = `${columns.join(",")}\r\n`;

/**
 * An entry as a line of CSV (RFC 4180) with its end. It is made for spreadsheets: control characters stand as escapes, and a text
 * that would be taken for a formula begins with an apostrophe. NDJSON has every text as it is.
 *
 * @example
 * renderAuditCsv({ ...item, actor: "=1+1" }); // "7,2030-…,'=1+1,…\r\n"
 */
export function renderAuditCsv(item: AuditItem): string {
  const cells = columns.map((name) => {
    if (name === "before" || name === "after") return item[name] === null ? "" : cell(JSON.stringify(item[name]));
    return cell(String(item[name]));
  });
  return `${cells.join(",")}\r\n`;
}

/** How a formula begins, in the fullwidth forms too, which some programs take for the same. */
const formula = /^\s*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]/u;

function cell(text: string): string {
  const escaped = escapeControl(text);
  // Looked at before the escaping as well: a tab or a line end is how some formulas begin.
  const safe = formula.test(text) || /^[\t\r\n]/.test(text) ? `'${escaped}` : escaped;
  // Quoted wherever any program might see more than a word: some take semicolons for commas.
  return /^[\w.:/-]*$/.test(safe) ? safe : `"${safe.replaceAll('"', '""')}"`;
}

/** Characters that JSON leaves as they are and that act on a terminal or reorder what stands around them. */
const acting = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]/gu;

/** An entry as a line of JSON with its end, in plain characters where others would act on a terminal. The values are the same. */
export function renderAuditJson(item: AuditItem): string {
  const text = JSON.stringify(item).replaceAll(acting, (character) =>
    // Half by half, as JSON has it for what lies beyond the first plane.
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
  return `${text}\n`;
}
