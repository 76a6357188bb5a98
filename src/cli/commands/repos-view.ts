import { count } from "../../lib/count.ts";
import { relative, resolve } from "node:path";
import type { CheckedItem, RepositoryItem, ScanDocument } from "../../app/describe-repository.ts";
import type { RepositoryCheck, RepositoryList } from "../../app/use-cases/repos.ts";
import { type FindingCode, type FindingSeverity, findingWords } from "../../repositories/findings.ts";
import { type GraphFormat, makeGraph, renderGraph } from "../../repositories/graph.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import type { Meaning } from "../terminal/palette.ts";
import { renderTable } from "../terminal/table.ts";
import type { View } from "./config-view.ts";

/** A view whose items may also be written line by line. */
export interface ListView extends View {
  readonly items: readonly object[];
}

/** `repos list`: the repositories that were picked, and those of which it could not be told. */
export function viewReposList(
  { items, nextCursor, undecided, hidden, root, total }: RepositoryList,
  look: Look,
): ListView {
  const rows = items.map(({ name, role, tags, needs, path, optional }): Line[] => [
    [span("strong", name)],
    [role ?? ""],
    [tags.join(" ")],
    [needs.join(" ")],
    [span("faint", showBelow(path, root)), optional ? "  optional" : ""],
  ]);
  const headings = ["name", "role", "tags", "needs", "path"].map((heading) => ({ heading, whole: heading === "name" }));
  return {
    items,
    json: { items, nextCursor, undecided, hidden },
    text: [
      ...(rows.length === 0 ? [] : [...renderTable({ columns: headings, rows }, look), ""]),
      ...undecided.map(({ name, reason }) =>
        renderLine([span("warning", "  cannot tell  "), `${name}: ${reason}`], look),
      ),
      sumUp(items.length, total),
    ],
  };
}

/** `repos check`: every repository with what git knows, then everything that was found, then the counts. */
export function viewReposCheck(
  { items, counts, nextCursor, hidden }: RepositoryCheck,
  look: Look,
): ListView & { readonly isSound: boolean } {
  const columns = [
    { heading: "name", whole: true },
    { heading: "branch" },
    { heading: "changes", align: "right" as const },
    ...(items.some(({ facts }) => facts !== null && facts.upstream !== null) ? [{ heading: "upstream" }] : [{}]),
    { heading: "state" },
  ];
  const problems = items.flatMap((checked) => explainChecked(checked, whole(look)));
  return {
    items,
    json: { items, counts, nextCursor, hidden },
    isSound: counts.error === 0,
    text: [
      ...(items.length === 0 ? [] : renderTable({ columns, rows: items.map(rowOf) }, look)),
      ...(problems.length === 0 ? [] : ["", ...problems]),
      ...(items.length === 0 ? [] : [""]),
      renderLine(sumUpCheck(counts), whole(look)),
    ],
  };
}

/** `repos graph`: which repository needs which, as a tree or for a program that draws. */
export function viewReposGraph({ items, hidden }: Pick<RepositoryList, "items" | "hidden">, format: GraphFormat): View {
  const text = items.length === 0 ? "no repositories" : renderGraph(items, format);
  return { json: { ...makeGraph(items), hidden }, text: text.split("\n") };
}

/** `repos scan DIR`: entries to paste into the manifest, and entries of the manifest that are not there. */
export function viewReposScan(scan: ScanDocument, look: Look): View {
  const { folder, added, missing, unusable, known, skipped, unreadable, file, root } = scan;
  const places = [...skipped, ...unreadable].map(({ path, reason }): Line[] => [[showBelow(path, folder)], [reason]]);
  const entry = ({ name, path, place }: RepositoryItem): Line[] => [
    [name],
    [`${place.file}:${place.line}`],
    [showBelow(path, root)],
  ];
  const gone = missing.map(entry);
  const other = unusable.map((repository) => [...entry(repository), [repository.reason]]);
  const counts = [
    `${added.length} new`,
    `${missing.length} missing`,
    ...(unusable.length === 0 ? [] : [`${unusable.length} unusable`]),
    `${known.length} known`,
  ];
  return {
    json: { folder, added, missing, unusable, known, skipped, unreadable },
    text: [
      ...(added.length === 0
        ? []
        : [renderLine([span("good", "new"), `, to paste below repos: of ${file}`], look), "", ...entriesOf(scan), ""]),
      ...section("missing", `, in ${file} and not on disk`, "bad", gone, look),
      ...section("unusable", `, in ${file} and no working tree on disk`, "bad", other, look),
      ...section("left out", "", "warning", places, look),
      renderLine([`${folder}: ${counts.join(", ")}`], whole(look)),
    ],
  };
}

/** Lines to paste. Repositories outside the allowed folders would be refused by every command, so they come with how to allow them. */
function entriesOf({ folder, added, root, total, outside }: ScanDocument): string[] {
  if (!outside) return added.map(entryOf);
  if (total > 0) {
    const allow = `paths: { allowedRoots: [${quoteYaml(folder)}] }`;
    return [...added.map(entryOf), "", `outside ${root}; allow it in mahavishnu.yaml:  ${allow}`];
  }
  const below = added.map((found) => ({ ...found, path: relative(folder, resolve(root, found.path)) || "." }));
  return [
    ...below.map(entryOf),
    "",
    `and above repos:, because they lie outside ${root}`,
    "",
    `root: ${quoteYaml(folder)}`,
  ];
}

function section(title: string, rest: string, meaning: Meaning, rows: readonly Line[][], look: Look): string[] {
  if (rows.length === 0) return [];
  return [
    renderLine([span(meaning, title), rest], look),
    // A reason says more than the end of a path.
    ...renderTable({ columns: [{}, {}, {}, { whole: true }], rows, indent: 2 }, look),
    "",
  ];
}

/** One entry as it stands in a manifest. What is the default is left out. */
function entryOf({ name, path, url }: ScanDocument["added"][number]): string {
  const keys = [
    ...(path === name ? [] : [`path: ${quoteYaml(path)}`]),
    ...(url === null ? [] : [`url: ${quoteYaml(url)}`]),
  ];
  // The file keeps a number as a text, but other readers of YAML may not.
  const key = quoteYaml(name);
  return keys.length === 0 ? `  ${key}: {}` : `  ${key}: { ${keys.join(", ")} }`;
}

/** JSON's quotes are YAML's too. */
function quoteYaml(text: string): string {
  return /^[A-Za-z/~][\w./@:~+-]*$/.test(text) && !/^(?:true|false|null|~)$|:$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function rowOf({ name, findings, facts, state }: CheckedItem): Line[] {
  const words = [...new Set(findings.map(({ code }) => findingWords[code]))];
  return [
    [span("strong", name)],
    [facts?.branch ?? span("faint", facts?.head?.slice(0, 10) ?? "")],
    [facts === null ? "" : String(facts.changed)],
    [describeUpstream(facts)],
    state === "ok"
      ? [span("good", "ok"), ...words.map((word) => `  ${word}`)]
      : [span(state === "error" ? "bad" : "warning", words.join(", "))],
  ];
}

/** For lines with a path or a command: cut, they would be of no use. */
function whole(look: Look): Look {
  return { ...look, width: Number.POSITIVE_INFINITY };
}

/** `origin/main +2 -1`. */
function describeUpstream(facts: CheckedItem["facts"]): string {
  if (facts === null || facts.upstream === null) return "";
  const ahead = facts.ahead > 0 ? ` +${facts.ahead}` : "";
  const behind = facts.behind > 0 ? ` -${facts.behind}` : "";
  return `${facts.upstream}${ahead}${behind}`;
}

const marks: Readonly<Record<FindingSeverity, Meaning>> = { error: "bad", warning: "warning", note: "faint" };
const signs: Readonly<Record<FindingSeverity, string>> = { error: "x", warning: "!", note: "-" };

/** Errors and warnings with what to do; notes stand in the table. */
function explainChecked({ name, findings }: CheckedItem, look: Look): string[] {
  return findings
    .filter(({ severity }) => severity !== "note")
    .flatMap(({ code, severity, message, fix }) => [
      renderLine(
        [`  `, span(marks[severity], `${signs[severity]} ${findingWords[code]}`), `  ${name}: ${message}`],
        look,
      ),
      renderLine([span("faint", `      ${fix}`)], look),
    ]);
}

function sumUpCheck({ total, ok, warning, error, byCode }: RepositoryCheck["counts"]): Line {
  const parts = [
    `${ok} ok`,
    ...(warning === 0 ? [] : [`${warning} with warnings`]),
    ...(error === 0 ? [] : [`${error} with errors`]),
  ];
  const codes = Object.entries(byCode).map(([code, number]) => `${findingWords[code as FindingCode]} ${number}`);
  const details = codes.length === 0 ? "" : `  (${codes.join(", ")})`;
  return [`${count(total, "repository", "repositories")}: ${parts.join(", ")}`, span("faint", details)];
}

function sumUp(picked: number, all: number): string {
  return picked === all
    ? count(all, "repository", "repositories")
    : `${picked} of ${count(all, "repository", "repositories")}`;
}

/** A path from a folder above it, or the whole path. */
function showBelow(path: string, folder: string): string {
  const shown = relative(folder, path);
  return shown === "" || shown.startsWith("..") ? path : shown;
}
