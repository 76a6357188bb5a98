import { formatDuration } from "../../lib/duration.ts";
import type { GateResult } from "../gates.ts";
import { categories, groupTitles, headings } from "../headings.ts";
import { type Category, type GateName, isRequired, type Result } from "../types.ts";
import type { Verdict } from "../verdict.ts";
import { countResults, isFailure, summariseResults } from "./count-results.ts";
import type { Report } from "./report.ts";
import { type Meaning, type TextStyle, wrap } from "./text-style.ts";

/** How much the text says. */
export interface TextOptions {
  readonly style: TextStyle;
  /** Also lists what passed. */
  readonly verbose?: boolean;
}

/** Names of the gates in the line that lists them. */
const gateTitles: Readonly<Record<GateName, string>> = {
  preflight: "preflight",
  config: "configuration",
  readiness: "readiness",
  security: "security",
  integration: "integration",
  benchmarks: "benchmarks",
};

const verdictTitles: Readonly<Record<Verdict, string>> = {
  ready: "ready",
  usable: "usable with reservations",
  notReady: "not ready",
};

const verdictMeanings: Readonly<Record<Verdict, Meaning>> = { ready: "good", usable: "warn", notReady: "bad" };

/** Results of one check that are listed by themselves; of more, the number is given. */
const mostTargets = 10;

/** Where headings end and what is found about them begins. */
const headingWidth = 26;

/** A report for eyes: grouped, one line for each fact, the answer last. Ends with a line end. */
export function renderText(report: Report, options: TextOptions): string {
  const lines = categories.flatMap((category) => renderHeading(report, category, options));
  const notes = report.findings.flatMap(({ level, text }) => note(level, text, options.style));
  const banner =
    report.exitCode === report.verdictCode
      ? []
      : note("note", `--exit-zero: the process ends with 0, the verdict is ${report.verdictCode}`, options.style);
  const title = notes.length + banner.length > 0 ? [options.style.paint("strong", "Notes")] : [];
  const tail = [
    ...title,
    ...notes,
    ...banner,
    "",
    renderGates(report, options.style),
    renderLastLine(report, options.style),
  ];
  return `${[...lines, ...tail].join("\n")}\n`;
}

/** The short form: what did not pass, what else the verdict follows from, and the last line. To be pasted into a message. */
export function renderShort(report: Report, options: TextOptions): string {
  const style = options.style;
  const lines = report.results
    .filter((result) => mark(result) === "x" || mark(result) === "!")
    .map((result) => headLine(result, style));
  const notes = report.findings.flatMap(({ level, text }) => (level === "note" ? [] : note(level, text, style)));
  return `${[...lines, ...notes, renderLastLine(report, style)].join("\n")}\n`;
}

function renderHeading(report: Report, category: Category, options: TextOptions): readonly string[] {
  const results = report.results.filter((result) => result.category === category);
  if (results.length === 0) return [];
  const { asked, passed } = countResults(results);
  const isBlocked = results.some(({ status }) => status === "blocked");
  const title = headings[category].padEnd(headingWidth);
  const count =
    category === "benchmarks"
      ? countBenchmarks(results, report)
      : asked === 0 && isBlocked
        ? "not evaluated"
        : `${passed} of ${asked}${percentNote(report, category)}`;
  const isGood = passed === asked && !isBlocked;
  const meaning: Meaning = results.some((result) => mark(result) === "x") ? "bad" : isGood ? "good" : "warn";
  const listed = byCheck(results).flatMap((group) => renderCheck(group, options));
  // What is too long for its line goes on below where it began.
  const [first = "", ...rest] = wrap(count, Math.max(20, options.style.width - headingWidth));
  return [
    `${options.style.paint("strong", title)}${options.style.paint(meaning, first)}`,
    ...rest.map((line) => `${" ".repeat(headingWidth)}${options.style.paint(meaning, line)}`),
    ...renderGroups(results, options.style),
    ...listed,
    ...renderBlocked(results, options.style),
  ];
}

/** The groups of the tests; one of which nothing was executed says so, and is no success. */
function renderGroups(results: readonly Result[], style: TextStyle): readonly string[] {
  const groups = Map.groupBy(
    results.filter(({ kind }) => kind === "test"),
    ({ group }) => group,
  );
  const parts = [...groups].flatMap(([group, own]) => {
    if (group === null) return [];
    const { asked, passed } = countResults(own);
    return [`${groupTitles[group]} ${asked === 0 ? "not evaluated" : `${passed} of ${asked}`}`];
  });
  if (parts.length === 0) return [];
  return wrapParts(parts, style.width - 2).map((line) => `  ${style.paint("dim", line)}`);
}

/** Parts in lines of at most `width` columns, three spaces between them; none is broken. */
function wrapParts(parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 3 + part.length > width) lines.push(part);
    else lines[lines.length - 1] = `${last}   ${part}`;
  }
  return lines;
}

function percentNote(report: Report, category: Category): string {
  const gate = report.gates.find(({ name }) => name === "integration");
  if (category !== "integrationTests" || gate === undefined || gate.percent === null) return "";
  return `   ${gate.percent} %, at least 90 % needed`;
}

function countBenchmarks(results: readonly Result[], report: Report): string {
  const words: readonly (readonly [Result["status"], string])[] = [
    ["pass", "pass"],
    ["warn", "warn"],
    ["fail", "fail"],
    ["error", "error"],
    ["timeout", "timed out"],
    ["inconclusive", "inconclusive"],
    ["notRun", "not run"],
  ];
  const parts = words.flatMap(([status, word]) => {
    const count = results.filter((result) => result.status === status).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const busy = report.machine.unfit.length === 0 ? "" : ` (machine is busy: ${report.machine.unfit.join("; ")})`;
  return `${parts.length === 0 ? "none asked" : parts.join(", ")}${busy}`;
}

/** Results of the same check together, in the order of the report. */
function byCheck(results: readonly Result[]): readonly (readonly Result[])[] {
  return [...Map.groupBy(results, (result) => result.id).values()];
}

function renderCheck(group: readonly Result[], options: TextOptions): readonly string[] {
  const shown = group.filter(
    (result) => result.status !== "blocked" && (options.verbose === true || result.status !== "pass" || result.flaky),
  );
  const lines = shown.slice(0, mostTargets).flatMap((result) => renderResult(result, options.style));
  const more = shown.length - mostTargets;
  return more > 0 ? [...lines, `    ${" ".repeat(7)} and ${more} more`] : lines;
}

function mark(result: Result): "x" | "!" | "-" | "+" {
  if (isFailure(result)) return isRequired(result.severity) ? "x" : "!";
  if (result.status === "warn" || result.status === "inconclusive" || result.flaky) return "!";
  return result.status === "pass" ? "+" : "-";
}

const markMeanings: Readonly<Record<ReturnType<typeof mark>, Meaning>> = {
  x: "bad",
  "!": "warn",
  "-": "dim",
  "+": "good",
};

/** What a status adds in front of the reason, where the mark does not say it. */
function statusWords(result: Result): string {
  if (result.flaky) return "flaky, passed on the second attempt: ";
  switch (result.status) {
    case "pass":
    case "warn":
    case "fail":
      return "";
    case "error":
      return "error: ";
    case "timeout":
      return "timed out: ";
    case "skipped":
      return "skipped: ";
    case "notApplicable":
      return "not applicable: ";
    case "blocked":
      return "blocked: ";
    case "inconclusive":
      return "inconclusive: ";
    case "notRun":
      return "not run: ";
    case "waived":
      return `waived until ${result.waiver?.expires ?? "?"} by ${result.waiver?.owner ?? "?"} (${result.waiver?.reason ?? "?"}): `;
  }
}

function headLine(result: Result, style: TextStyle): string {
  return resultLines(result, style).join("\n");
}

function resultLines(result: Result, style: TextStyle): readonly string[] {
  const sign = mark(result);
  const target = result.target === null ? "" : `${result.target.name}: `;
  const text = style.clean(`${target}${statusWords(result)}${result.reason}`);
  const indent = 4 + result.id.length + 2;
  const [first = "", ...rest] = wrap(text, style.width - indent);
  return [
    `  ${style.paint(markMeanings[sign], `${sign} ${result.id}`)}  ${first}`,
    ...rest.map((line) => `${" ".repeat(indent)}${line}`),
  ];
}

function renderResult(result: Result, style: TextStyle): readonly string[] {
  const lines = [...resultLines(result, style)];
  const sign = mark(result);
  if (sign !== "x" && sign !== "!") return lines;
  const indent = 4 + result.id.length + 2;
  const { remediation } = result;
  if (remediation === null) return lines;
  const advice = wrap(style.clean(remediation.text), style.width - indent);
  const command = remediation.command === null ? [] : [style.clean(remediation.command)];
  return [...lines, ...[...advice, ...command].map((line) => `${" ".repeat(indent)}${style.paint("dim", line)}`)];
}

/** What waits for a root cause is counted, not listed: the cause is shown where it stands. */
function renderBlocked(results: readonly Result[], style: TextStyle): readonly string[] {
  const blocked = results.filter((result) => result.status === "blocked");
  if (blocked.length === 0) return [];
  const roots = [...new Set(blocked.flatMap((result) => result.blockedBy))].join(", ");
  const ids = [...new Set(blocked.map((result) => result.id))];
  const text = `${blocked.length} blocked by ${roots}: ${ids.join(" ")}`;
  const [first = "", ...rest] = wrap(text, style.width - 4);
  return [`  ${style.paint("dim", "-")} ${first}`, ...rest.map((line) => `    ${line}`)];
}

function note(level: string, text: string, style: TextStyle): readonly string[] {
  const sign =
    level === "failure"
      ? style.paint("bad", "x")
      : level === "note"
        ? style.paint("dim", "-")
        : style.paint("warn", "!");
  const [first = "", ...rest] = wrap(style.clean(text), style.width - 4);
  return [`  ${sign} ${first}`, ...rest.map((line) => `    ${line}`)];
}

function renderGates(report: Report, style: TextStyle): string {
  const parts = report.gates.map(
    (gate) => `${gateTitles[gate.name]} ${style.paint(gateMeaning(gate), gateWord(gate))}`,
  );
  return `gates    ${parts.join("   ")}`;
}

function gateMeaning(gate: GateResult): Meaning {
  return gate.code === 0 ? "good" : gate.code === 1 ? "bad" : "warn";
}

function gateWord(gate: GateResult): string {
  if (gate.status === "fail") return "FAIL";
  if (gate.status === "notEvaluated") return "not evaluated";
  const notes = [
    gate.failed > 0 ? `${gate.failed} failed` : "",
    gate.warnings > 0 ? `${gate.warnings} ${gate.warnings === 1 ? "warning" : "warnings"}` : "",
    gate.unverified > 0 ? `${gate.unverified} unverified` : "",
    gate.waived > 0 ? `${gate.waived} waived` : "",
    gate.flaky > 0 ? `${gate.flaky} flaky` : "",
  ].filter((text) => text !== "");
  return notes.length === 0 ? "pass" : `pass (${notes.join(", ")})`;
}

function renderLastLine(report: Report, style: TextStyle): string {
  const besides = report.findings.filter(({ level }) => level === "failure").length;
  const counts = [
    // Without these, what keeps the verdict from being good is in no count.
    ...(besides === 0 ? [] : [`${besides} ${besides === 1 ? "problem" : "problems"} beside the checks`]),
    ...summariseResults(report.results),
  ];
  const plain = `${verdictTitles[report.verdict]}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`;
  const end = `exit ${report.exitCode}, ${formatDuration(report.durationMs)}`;
  const width = Math.min(style.width, 100);
  const gap = Math.max(2, width - plain.length - end.length);
  const painted = plain.replace(/^[^:]+/, (word) => style.paint(verdictMeanings[report.verdict], word));
  return `${painted}${" ".repeat(gap)}${end}`;
}
