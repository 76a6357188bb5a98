import { listAudit, verifyAudit } from "../../app/use-cases/audit.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { AuditListOptions, AuditVerifyOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import { renderEntries } from "../terminal/audit-view.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import { auditFilterOf } from "./audit-filter.ts";

/** Entries listed when `--limit` is left out. */
const defaultLimit = 20;

/** `mahavishnu audit list`. */
export async function runAuditList(options: AuditListOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { limit = defaultLimit, cursor, format } = options;
  const page = await door.perform(listAudit, {
    ...auditFilterOf(options),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (format === "json") writeJson(io.stdout, page);
  else if (format === "ndjson") writeNdjson(io.stdout, page.items);
  else {
    writeLines(io.stdout, renderEntries(page.items, io.stdout));
    if (page.nextCursor !== null) io.stderr.write(`there are older entries: add --cursor ${page.nextCursor}\n`);
  }
  return exitCodes.success;
}

/** `mahavishnu audit verify`. */
export async function runAuditVerify(options: AuditVerifyOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const verdict = await door.perform(verifyAudit, options.head === undefined ? {} : { head: options.head });
  const { valid, entries, head, firstProblem } = verdict;
  if (options.format === "json") writeJson(io.stdout, verdict);
  else {
    const lines: Line[] =
      firstProblem === null
        ? [[span("good", "valid"), `    ${entries} ${entries === 1 ? "entry" : "entries"}`]]
        : [
            [span("bad", "invalid"), `  ${firstProblem.kind} at ${firstProblem.seq}: ${firstProblem.message}`],
            [span("faint", "holds"), `    ${entries} ${entries === 1 ? "entry" : "entries"} before that`],
          ];
    lines.push([span("faint", "head"), `     ${head.seq}:${head.hash}`]);
    // Never cut: the head is there to be copied.
    writeLines(
      io.stdout,
      lines.map((line) => renderLine(line, { ...io.stdout, width: Number.POSITIVE_INFINITY })),
    );
  }
  return valid ? exitCodes.success : exitCodes.failure;
}
