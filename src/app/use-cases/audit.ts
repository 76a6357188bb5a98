import {
  auditCsvHeader,
  type AuditFilterInput,
  type AuditItem,
  parseAuditCursor,
  parseAuditHead,
  readAuditFilter,
  renderAuditCsv,
  renderAuditJson,
  viewAuditEntry,
} from "../audit-view.ts";
import type { AuditHead, AuditVerdict } from "../../store/audit-contract.ts";
import { defineUseCase, type Resource } from "../use-case.ts";

/** Entries on a page of an export when no limit is given. */
const exportPageSize = 1_000;

/** Which entries to list. */
export interface ListAuditInput extends AuditFilterInput {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of the audit trail, newest first. */
export interface AuditPage {
  readonly items: readonly AuditItem[];
  readonly nextCursor: string | null;
}

/** `audit list`. */
export const listAudit = defineUseCase<ListAuditInput, AuditPage>({
  name: "listAudit",
  permission: "audit:read",
  writes: false,
  resource: wholeTrail,
  run: async (context, { limit, cursor, ...filter }) => {
    const beforeSeq = parseAuditCursor(cursor);
    const query = { ...readAuditFilter(filter), ...(beforeSeq === undefined ? {} : { beforeSeq }) };
    const store = await context.history();
    const found = await store.listAudit({ ...query, limit: limit + 1, newestFirst: true });
    const items = found.slice(0, limit).map(viewAuditEntry);
    return { items, nextCursor: found.length > limit ? String(items.at(-1)?.seq) : null };
  },
});

/** Against what to verify. */
export interface VerifyAuditInput {
  /** `SEQ:HASH`, a head that was kept elsewhere. */
  readonly head?: string;
}

/** `audit verify`: follows the whole chain. */
export const verifyAudit = defineUseCase<VerifyAuditInput, AuditVerdict>({
  name: "verifyAudit",
  permission: "audit:read",
  writes: false,
  resource: wholeTrail,
  run: async (context, { head }) => {
    const anchor = head === undefined ? undefined : parseAuditHead(head);
    const store = await context.history();
    return await store.verifyAudit({ ...(anchor === undefined ? {} : { anchor }), signal: context.signal });
  },
});

/** Which part of the trail to export. */
export interface ExportAuditInput extends AuditFilterInput {
  readonly format: "csv" | "ndjson";
  /** 1,000 when left out. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A page of an export, oldest first. The texts of all pages together are the export. */
export interface AuditExport {
  readonly format: "csv" | "ndjson";
  readonly text: string;
  readonly entries: number;
  readonly nextCursor: string | null;
  /** On the last page the end of the whole trail, not verified; null on the others, and where it is missing. */
  readonly head: AuditHead | null;
}

/** One page of `audit export`; see `readAuditPages` for all of them. */
export const exportAudit = defineUseCase<ExportAuditInput, AuditExport>({
  name: "exportAudit",
  permission: "audit:read",
  writes: false,
  resource: wholeTrail,
  run: async (context, { format, limit = exportPageSize, cursor, ...filter }) => {
    const afterSeq = parseAuditCursor(cursor);
    const query = { ...readAuditFilter(filter), ...(afterSeq === undefined ? {} : { afterSeq }) };
    const store = await context.history();
    const found = await store.listAudit({ ...query, limit: limit + 1 });
    const items = found.slice(0, limit).map(viewAuditEntry);
    const lines = items.map(format === "csv" ? renderAuditCsv : renderAuditJson);
    const isLast = found.length <= limit;
    return {
      format,
      text: `${format === "csv" && afterSeq === undefined ? auditCsvHeader : ""}${lines.join("")}`,
      entries: items.length,
      nextCursor: isLast ? null : String(items.at(-1)?.seq),
      head: isLast ? await store.readAuditHead() : null,
    };
  },
});

/** The trail is about the whole workspace: a right that is scoped to repositories does not cover it. */
function wholeTrail(): Resource {
  return { name: "audit" };
}
