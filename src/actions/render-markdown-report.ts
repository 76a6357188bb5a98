import type { RunSummary } from "../engine/contract.ts";
import { formatDuration } from "../lib/duration.ts";

/** A run as Markdown: what came out, then every target with its steps. */
export function renderMarkdownReport(summary: RunSummary): string {
  const { workflow, runId, startedAt, targets } = summary;
  const begun = startedAt === null ? "" : `, started ${new Date(startedAt).toISOString()}`;
  const head = `# ${escapeText(workflow)} \`${runId}\`\n\n${countStates(summary)}${begun}\n`;
  if (targets.length === 0) return head;
  const rows = targets.map(({ job, repository, state, durationMs, steps, reason }) => [
    escapeText(job),
    escapeText(repository ?? ""),
    state,
    durationMs === null ? "" : formatDuration(durationMs),
    steps.map((step) => `${escapeText(step.id)} ${step.state}`).join("<br>"),
    // The reason of a success says nothing that its state does not.
    state === "succeeded" ? "" : escapeText(reason ?? ""),
  ]);
  return `${head}\n${renderTable(["job", "repository", "state", "time", "steps", "reason"], rows)}\n`;
}

/** `16 of 18 targets succeeded, 1 failed, 1 skipped`. */
function countStates({ targets }: RunSummary): string {
  const counts = Map.groupBy(targets, ({ state }) => state);
  const succeeded = counts.get("succeeded")?.length ?? 0;
  const others = [...counts].filter(([state]) => state !== "succeeded").map(([state, of]) => `, ${of.length} ${state}`);
  return `${succeeded} of ${targets.length} targets succeeded${others.join("")}`;
}

function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Names and reasons come from outside: none of them becomes Markdown or HTML, or breaks the table. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()#+!|~]/g, String.raw`\$&`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/\s+/g, " ");
}
