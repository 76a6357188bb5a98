import type { EndState } from "../../app/purge/choose-kept.ts";
import type { PurgePreview } from "../../app/purge/preview-purge.ts";
import { previewPurge, startPurge } from "../../app/use-cases/purge.ts";
import { formatSize } from "../../lib/size.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { RunsPurgeFlags } from "../command-options.ts";
import { followRuns } from "../follow-run.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu runs purge`. */
export async function runRunsPurge(options: RunsPurgeFlags & GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { state, olderThan, dryRun = false } = options;
  const input = {
    ...(state === undefined ? {} : { states: state as readonly EndState[] }),
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
  };
  if (!dryRun) {
    return await followRuns({ door, io, options }, async () => {
      const started = await door.perform(startPurge, input);
      return [{ ...started, seen: 0 }];
    });
  }
  const preview = await door.perform(previewPurge, input);
  if (options.format === "json") writeJson(io.stdout, preview);
  else if (options.format === "ndjson") writeNdjson(io.stdout, [preview]);
  else writeLines(io.stdout, renderPreview(preview, io));
  return 0;
}

function renderPreview(preview: PurgePreview, io: CommandIo): string[] {
  const { runs, events, runsWithTrees, outputs, strangers, logFiles, expired, auditEntries, bytes } = preview;
  const rows: readonly (readonly [what: string, count: number, note: string])[] = [
    ["runs that succeeded", runs.succeeded, ""],
    ["runs that succeeded in part", runs.partial, ""],
    ["runs that failed", runs.failed, ""],
    ["runs that were cancelled", runs.cancelled, ""],
    ["events of their histories", events, ""],
    ["kept trees", runsWithTrees, "there may be work in them that is nowhere else"],
    ["output of other runs", outputs, "their histories stay"],
    ["folders of unknown runs", strangers, ""],
    ["files of the log", logFiles, ""],
    ["deliveries to webhooks", expired.deliveries, ""],
    ["receipts of messages", expired.receipts, ""],
    ["sessions", expired.sessions, ""],
    ["tokens", expired.tokens, "expired long ago"],
    ["entries of the audit trail", auditEntries, "exported to .mahavishnu/audit first"],
  ];
  const shown = rows.filter(([, count]) => count > 0);
  if (shown.length === 0) return ["nothing would go"];
  const columns = [{}, { align: "right" as const }, {}];
  const table = renderTable(
    { columns, rows: shown.map(([what, count, note]) => [[what], [String(count)], [note]]) },
    io.stdout,
  );
  return ["would go:", ...table, `${formatSize(bytes)} in files`];
}
