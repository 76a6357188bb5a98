import type { RunSummary } from "../engine/contract.ts";

type Target = RunSummary["targets"][number];

/** A run as JUnit XML: a suite for each job, a case for each target. */
export function renderJunitReport({ workflow, runId, startedAt, targets }: RunSummary): string {
  const suites = [...Map.groupBy(targets, ({ job }) => job)].map(([job, of]) =>
    renderSuite(workflow, job, of, startedAt),
  );
  const all = `name="${escape(`${workflow} ${runId}`)}" ${countCases(targets)}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${all}>\n${suites.join("")}</testsuites>\n`;
}

function renderSuite(workflow: string, job: string, targets: readonly Target[], startedAt: number | null): string {
  const time = startedAt === null ? "" : ` timestamp="${new Date(startedAt).toISOString().slice(0, 19)}"`;
  const cases = targets.map((target) => renderCase(`${workflow}.${job}`, target));
  return `  <testsuite name="${escape(job)}" ${countCases(targets)}${time}>\n${cases.join("")}  </testsuite>\n`;
}

function renderCase(className: string, target: Target): string {
  const { job, repository, state, reason, steps } = target;
  const open = `    <testcase name="${escape(repository ?? job)}" classname="${escape(className)}" time="${seconds(target.durationMs)}">\n`;
  const message = `message="${escape(reason ?? state)}"`;
  const said = steps.map((step) => `${step.id}: ${step.state}`).join("\n");
  const kind = kindOf(target);
  const outcome = {
    passed: "",
    failed: `      <failure ${message} type="${escape(state)}">${escape(said)}</failure>\n`,
    skipped: `      <skipped ${message}/>\n`,
  }[kind];
  const output = said === "" || kind === "failed" ? "" : `      <system-out>${escape(said)}</system-out>\n`;
  return `${open}${outcome}${output}    </testcase>\n`;
}

/** What has not ended yet has not been tested. */
function kindOf({ state }: Target): "passed" | "failed" | "skipped" {
  if (state === "succeeded") return "passed";
  return state === "failed" || state === "cancelled" ? "failed" : "skipped";
}

function countCases(targets: readonly Target[]): string {
  const count = (kind: string): number => targets.filter((target) => kindOf(target) === kind).length;
  const time = seconds(targets.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0));
  return `tests="${targets.length}" failures="${count("failed")}" errors="0" skipped="${count("skipped")}" time="${time}"`;
}

function seconds(ms: number | null): string {
  return ((ms ?? 0) / 1000).toFixed(3);
}

/** Characters that XML cannot hold, not even escaped, are shown as their code. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /(?![\t\n\r\u0085])[\p{Cc}\uFFFE\uFFFF]/gu,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    )
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;")
    .replaceAll("\r", "&#13;")
    .replaceAll("\t", "&#9;");
}
