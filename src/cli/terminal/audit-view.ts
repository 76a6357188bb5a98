import type { AuditItem } from "../../app/audit-view.ts";
import { type Line, span } from "./line.ts";
import type { Look } from "./look.ts";
import { renderTable } from "./table.ts";

/** Entries of the audit trail as a table. */
export function renderEntries(items: readonly AuditItem[], look: Look): string[] {
  if (items.length === 0) return ["no entries"];
  const headings = ["seq", "time", "actor", "decision", "action", "resource", "from", "change", "reason"];
  const columns = headings.map((heading) => ({
    heading,
    whole: heading === "seq" || heading === "time" || heading === "decision",
  }));
  const rows = items.map((item): Line[] => [
    [String(item.seq)],
    [`${item.time.slice(0, 10)} ${item.time.slice(11, 19)}Z`],
    [item.actor],
    [span(item.decision === "denied" ? "bad" : "good", item.decision)],
    [item.action],
    [item.resource],
    [item.from],
    [changeOf(item)],
    [span("faint", item.reason)],
  ]);
  // Without a heading over nothing, a column that is empty everywhere takes no room.
  const changed = items.some((item) => changeOf(item) !== "");
  const shown = changed ? columns : columns.map((column) => (column.heading === "change" ? { whole: false } : column));
  return renderTable({ columns: shown, rows }, look);
}

function changeOf({ before, after }: AuditItem): string {
  if (before === null && after === null) return "";
  return `${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
}
