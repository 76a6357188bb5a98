import { perform } from "../../app/perform.ts";
import { type UpgradeReport, upgradeState } from "../../app/use-cases/upgrade.ts";
import { formatDuration } from "../../lib/duration.ts";
import { formatSize } from "../../lib/size.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { UpgradeFlags } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu upgrade`. */
export async function runUpgrade(options: UpgradeFlags & GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const report = await perform(app, upgradeState, { dryRun: options.dryRun ?? false });
  if (options.format === "json") writeJson(io.stdout, report);
  else writeLines(io.stdout, describeReport(report));
  return report.outcome === "blocked" ? exitCodes.failure : exitCodes.success;
}

function describeReport(report: UpgradeReport): string[] {
  const { outcome, file, from, to, bytes, ms, added, changed, runs, events, auditEntries, pids } = report;
  if (from === null) return ["there is no state yet: nothing to do"];
  if (outcome === "none") return [`the state has schema version ${from}, as this version wants it: nothing to do`];
  const verb = outcome === "upgraded" ? "brought from" : "would be brought from";
  return [
    `${file} ${verb} schema version ${from} to ${to}`,
    `on a copy of ${formatSize(bytes)}, that took ${formatDuration(Math.max(1, Math.round(ms)))}, and the copy is sound`,
    ...(added.length === 0 ? [] : [`new tables: ${added.join(", ")}`]),
    ...(changed.length === 0 ? [] : [`changed tables: ${changed.join(", ")}`]),
    `kept: ${runs} runs, ${events} events, ${auditEntries} entries of the audit trail`,
    ...(pids.length === 0 ? [] : [`stop these processes first, they are at work with it: ${pids.join(", ")}`]),
  ];
}
