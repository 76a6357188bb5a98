import type { AuditHead, AuditProblem, AuditVerdict } from "./audit-contract.ts";
import { baseAction, baseResource, type ChainedFields, chainHash } from "./audit-chain.ts";
import { MahavishnuError } from "../lib/errors.ts";

/** A row of the trail as it lies in the file, whatever somebody may have put there. */
export interface ChainedRow extends ChainedFields {
  /** An integer of SQLite may be greater than a number can hold. */
  readonly seq: bigint;
  readonly hash: unknown;
}

/** How a trail is read to be verified. */
export interface ChainReader {
  /** All rows in the order of their numbers, the numbers below 1 included. */
  rows(): AsyncIterable<ChainedRow>;
  /** The head that is kept beside the trail; null when it is missing or is none. */
  keptHead(): AuditHead | null;
  /** The last entry that was purged from the beginning; what the first one follows, with seq 0, when none was. */
  base(): AuditHead;
}

/**
 * Follows the chain from the first entry to the last, and says where it breaks first. Others may append meanwhile.
 *
 * @param anchor A head of this trail that was kept elsewhere: what the file says of itself can be rewritten as a whole.
 */
export async function verifyChain(reader: ChainReader, anchor: AuditHead | undefined): Promise<AuditVerdict> {
  // Asked first: what is appended from here on comes after it.
  const kept = reader.keptHead();
  const base = reader.base();
  if (anchor !== undefined && anchor.seq < base.seq) throw purgedAnchor(anchor, base);
  let head = base;
  /** A trail that begins later has to say so itself: else somebody has cut its beginning off. */
  let isDeclared = base.seq === 0;
  const answer = (seq: number, kind: AuditProblem["kind"], message: string): AuditVerdict => ({
    valid: false,
    entries: head.seq - base.seq,
    head,
    firstProblem: { seq, kind, message },
  });
  const begins = judgeHead(base, anchor, "the head that was given");
  if (begins !== null) return answer(base.seq, "edited", begins);
  for await (const row of reader.rows()) {
    const seq = head.seq + 1;
    const hash = chainHash(head.hash, fieldsOf(row, seq));
    if (row.seq !== BigInt(seq) || row.hash !== hash) {
      const { kind, message } = await explainBreak(reader, head, row, kept);
      return answer(seq, kind, message);
    }
    head = { seq, hash };
    isDeclared ||= declares(row, base);
    const anchored = judgeHead(head, anchor, "the head that was given");
    if (anchored !== null) return answer(seq, "edited", anchored);
    const known = judgeHead(head, kept ?? undefined, "the head that is kept beside the trail");
    if (known !== null) return answer(seq, "edited", known);
  }
  const longest = Math.max(kept?.seq ?? 0, anchor?.seq ?? 0);
  if (longest > head.seq) {
    const missing = head.seq + 1 === longest ? `entry ${longest} is` : `entries ${head.seq + 1} to ${longest} are`;
    return answer(head.seq + 1, "truncated", `${missing} missing at the end of the trail`);
  }
  // Read again, since it grows with the trail.
  const now = reader.keptHead();
  if (now === null) return answer(head.seq, "edited", "the head that is kept beside the trail is missing");
  if (now.seq < head.seq) {
    return answer(now.seq + 1, "added", `entry ${now.seq + 1} came after the last one that was written`);
  }
  if (!isDeclared) {
    const message = `entries 1 to ${base.seq} are missing, and no entry says that they were purged`;
    return { ...answer(1, "removed", message), entries: 0, head: base };
  }
  return { valid: true, entries: head.seq - base.seq, head, firstProblem: null };
}

/** Whether an entry says that the trail begins after `base`. */
function declares({ action, resource, after }: ChainedRow, base: AuditHead): boolean {
  if (action !== baseAction || resource !== baseResource || typeof after !== "string") return false;
  // Written as canonical JSON, in which this comes before all else.
  return after.startsWith(`{"base":"${base.seq}:${base.hash}",`);
}

function purgedAnchor({ seq }: AuditHead, base: AuditHead): MahavishnuError {
  return new MahavishnuError("USAGE", `entry ${seq} was purged: the trail begins after entry ${base.seq}`, {
    fix: "Look the entry up in the files under .mahavishnu/audit, or give a later head.",
  });
}

/** What is wrong with an entry that a head speaks of, or null. */
function judgeHead(entry: AuditHead, head: AuditHead | undefined, name: string): string | null {
  if (head === undefined || head.seq !== entry.seq || head.hash === entry.hash) return null;
  return `entry ${entry.seq} is not the one that ${name} names: the trail up to it was rewritten`;
}

/** The fields of a row, as they would be at another place. */
function fieldsOf(row: ChainedRow, seq: number): ChainedFields {
  return { ...row, seq, time: plain(row.time) };
}

/** Numbers are hashed as numbers; one that no number can hold was never written by the trail. */
function plain(value: unknown): unknown {
  return typeof value === "bigint" && BigInt(Number(value)) === value ? Number(value) : String(value);
}

/**
 * What happened to the entry after `head`. Its true place and the hash before it are known, since the chain holds up to there: if it
 * still exists, whichever row is the right one there is found.
 *
 * @param found The row that stands there, or the next one.
 */
async function explainBreak(
  reader: ChainReader,
  head: AuditHead,
  found: ChainedRow,
  kept: AuditHead | null,
): Promise<Pick<AuditProblem, "kind" | "message">> {
  const seq = head.seq + 1;
  let last = 0n;
  for await (const row of reader.rows()) {
    last = row.seq;
    if (row.seq === BigInt(seq)) continue;
    const hash = chainHash(head.hash, fieldsOf(row, seq));
    // Either it was moved with its hash, or without.
    if (hash === row.hash || (found.seq === BigInt(seq) && hash === found.hash)) {
      return { kind: "reordered", message: `what was written as entry ${seq} stands at ${row.seq}` };
    }
  }
  if (found.seq < BigInt(seq)) return { kind: "added", message: `entry ${found.seq} was never written by the trail` };
  if (found.seq > BigInt(seq)) {
    return { kind: "removed", message: `entry ${seq} is missing; the next one is ${found.seq}` };
  }
  if (kept !== null && last < BigInt(kept.seq)) {
    const message = `entry ${seq} does not follow from the one before it, and the trail is shorter than it was: an entry was removed`;
    return { kind: "removed", message };
  }
  return { kind: "edited", message: `entry ${seq} is not what was written there` };
}
