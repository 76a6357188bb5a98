import { groupTitles, headings } from "../headings.ts";
import { isRequired, type Result } from "../types.ts";
import type { Report } from "./report.ts";

/** Characters that XML 1.0 does not allow at all, not even as references. */
const illegal =
  // oxlint-disable-next-line no-control-regex -- these are the characters to find
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

function escape(text: string): string {
  return text
    .replaceAll(illegal, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll(/[&<>"\n\r\t]/g, (character) => entities[character] ?? character);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join("");
}

/** What kind of case a result is for a reader of JUnit. A failure says no; an error could not say. */
function caseKind(result: Result): "passed" | "failure" | "error" | "skipped" {
  switch (result.status) {
    case "pass":
    case "warn":
      return "passed";
    case "fail":
      return isRequired(result.severity) ? "failure" : "passed";
    case "error":
    case "timeout":
    case "notRun":
      return isRequired(result.severity) ? "error" : "passed";
    case "skipped":
    case "notApplicable":
    case "blocked":
    case "waived":
    case "inconclusive":
      return "skipped";
  }
}

/** Seconds, as JUnit has it. */
function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

function detail(result: Result): string {
  return [
    `severity: ${result.severity}`,
    result.expected === null ? "" : `expected: ${result.expected}`,
    result.observed === null ? "" : `observed: ${result.observed}`,
    ...result.evidence.map(({ kind, text }) => `${kind}: ${text}`),
    result.remediation === null ? "" : `what to do: ${result.remediation.text}`,
    result.remediation === null || result.remediation.command === null ? "" : `command: ${result.remediation.command}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function renderCase(result: Result): string {
  const target = result.target === null ? "" : ` [${result.target.name}]`;
  const suite =
    result.group === null ? headings[result.category] : `${headings[result.category]}.${groupTitles[result.group]}`;
  const head = attributes({
    classname: suite,
    name: `${result.id} ${result.title}${target}`,
    time: seconds(result.durationMs),
  });
  const kind = caseKind(result);
  const message = attributes({ message: `${result.status}: ${result.reason}` });
  if (kind === "skipped") return `    <testcase${head}><skipped${message}/></testcase>`;
  if (kind === "passed") {
    if (result.status === "pass" && !result.flaky) return `    <testcase${head}/>`;
    const words = result.flaky ? `flaky: passed on attempt ${result.attempts}` : `${result.status}: ${result.reason}`;
    return `    <testcase${head}><system-out>${escape(words)}</system-out></testcase>`;
  }
  const type = attributes({ type: `${result.severity}.${result.status}` });
  return `    <testcase${head}><${kind}${message}${type}>${escape(detail(result))}</${kind}></testcase>`;
}

/** A case that stands for a verdict which no result explains: a run that ended before its first result, an empty gate. */
function syntheticCases(report: Report): readonly string[] {
  const explained = report.results.some((result) => ["failure", "error"].includes(caseKind(result)));
  if (report.verdictCode === 0 || report.verdictCode === 2 || explained) return [];
  const reason = report.reasons[0] ?? "not ready";
  const head = attributes({
    classname: "Verdict",
    name: "the suite gives a verdict",
    time: seconds(report.durationMs),
  });
  return [
    `    <testcase${head}><failure${attributes({ message: reason, type: "verdict" })}>${escape(report.reasons.join("\n"))}</failure></testcase>`,
  ];
}

/** One `testsuite`; the first one also carries the verdict. */
interface Suite {
  readonly name: string;
  readonly cases: readonly string[];
  readonly results: readonly Result[];
  /** Cases that no result stands behind. */
  readonly synthetic: number;
}

function count(results: readonly Result[], kind: string): number {
  return results.filter((result) => caseKind(result) === kind).length;
}

function renderSuite({ name, cases, results, synthetic }: Suite, properties: string): string {
  const head = attributes({
    name,
    tests: cases.length,
    failures: count(results, "failure") + synthetic,
    errors: count(results, "error"),
    skipped: count(results, "skipped"),
    time: seconds(results.reduce((sum, result) => sum + result.durationMs, 0)),
  });
  return [`  <testsuite${head}>`, properties, ...cases, "  </testsuite>"].filter((part) => part !== "").join("\n");
}

function renderProperties({ verdict, exitCode, verdictCode, profile }: Report): string {
  const values = Object.entries({ verdict, exitCode, verdictCode, profile });
  const lines = values.map(([name, value]) => `      <property${attributes({ name, value })}/>`);
  return ["    <properties>", ...lines, "    </properties>"].join("\n");
}

/** The report as JUnit XML. Failures, errors and what was skipped are kept apart; the verdict is among the properties. */
export function renderJunit(report: Report): string {
  const synthetic = syntheticCases(report);
  const suites = [...Map.groupBy(report.results, (result) => result.category)].map(([category, results]): Suite => ({
    name: headings[category],
    cases: results.map(renderCase),
    results,
    synthetic: 0,
  }));
  if (synthetic.length > 0 || suites.length === 0) {
    suites.push({ name: "Verdict", cases: synthetic, results: [], synthetic: synthetic.length });
  }
  const head = attributes({
    name: `mahavishnu production ${report.command}`,
    tests: report.results.length + synthetic.length,
    failures: count(report.results, "failure") + synthetic.length,
    errors: count(report.results, "error"),
    skipped: count(report.results, "skipped"),
    time: seconds(report.durationMs),
    timestamp: report.startedAt,
  });
  const properties = renderProperties(report);
  const lines = suites.map((suite, index) => renderSuite(suite, index === 0 ? properties : ""));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${lines.join("\n")}\n</testsuites>\n`;
}
