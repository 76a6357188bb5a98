import type { AuditExport, ExportAuditInput } from "./use-cases/audit.ts";

/**
 * All pages of an export, one after the other, each asked for when it is wanted: an export of any length takes the memory of one
 * page. Who may see it is decided for each page anew.
 *
 * @param ask Asks the door for one page.
 * @example
 * for await (const { text } of readAuditPages((page) => perform(app, exportAudit, page), { format: "csv" })) write(text);
 */
export async function* readAuditPages(
  ask: (input: ExportAuditInput) => Promise<AuditExport>,
  input: ExportAuditInput,
): AsyncGenerator<AuditExport> {
  for (let cursor = input.cursor; ;) {
    const page = await ask({ ...input, ...(cursor === undefined ? {} : { cursor }) });
    yield page;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
