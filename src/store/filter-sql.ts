import type { SQLInputValue } from "node:sqlite";
import type { TermNode } from "../selectors/ast.ts";
import type { RunFilter } from "../selectors/run-filter.ts";
import type { RunTermName } from "../selectors/run-terms.ts";
import { readBounds, readMoment } from "../selectors/run-times.ts";

/** The values of a statement by the names of their parameters. What came from outside gets into a statement in no other way. */
export class SqlValues {
  readonly values: Record<string, SQLInputValue> = {};
  #count = 0;
  readonly #lists = new Map<readonly string[], string>();

  /** The parameter that stands for a value. */
  bind(value: SQLInputValue): string {
    const name = `:v${this.#count}`;
    this.#count += 1;
    this.values[name] = value;
    return name;
  }

  /** A subquery that gives a list, bound once however often it is used. */
  list(items: readonly string[]): string {
    const known = this.#lists.get(items) ?? this.bind(JSON.stringify(items));
    this.#lists.set(items, known);
    return `(SELECT value FROM json_each(${known}))`;
  }
}

/** What filters are compiled with. */
export interface FilterFacts {
  readonly bind: SqlValues;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Owners whose runs are interrupted; asked only when a filter needs it. */
  readonly dead: () => readonly string[];
  /** The only repositories of which anything may be told. */
  readonly visible: readonly string[] | undefined;
}

/**
 * A filter as a condition on the table `run`, true or false for each row and never null. Globs are matched by the SQL function
 * `match_glob`, so that they mean what they mean in selectors and take no longer.
 */
export function filterSql(node: RunFilter, facts: FilterFacts): string {
  switch (node.kind) {
    case "term":
      return termSql(node, facts);
    case "not":
      return `NOT ${filterSql(node.item, facts)}`;
    case "and":
    case "or":
      return joinEvenly(
        node.items.map((item) => filterSql(item, facts)),
        node.kind === "and" ? "AND" : "OR",
      );
    case "name":
      throw new Error(`a filter of runs has no names: @${node.name}`);
  }
}

/** SQLite bounds how deep an expression may nest, and takes a chain of a thousand for one that nests as deep. */
function joinEvenly(conditions: readonly string[], operator: "AND" | "OR"): string {
  if (conditions.length === 1) return conditions[0] as string;
  const half = Math.ceil(conditions.length / 2);
  const [first, second] = [conditions.slice(0, half), conditions.slice(half)];
  return `(${joinEvenly(first, operator)} ${operator} ${joinEvenly(second, operator)})`;
}

/** Always in parentheses, so that it can stand after NOT. */
function termSql({ term, value }: TermNode<RunTermName>, facts: FilterFacts): string {
  const { bind, now, visible } = facts;
  switch (term) {
    case "state":
      return stateSql(value, facts);
    case "workflow":
      return globSql("run.workflow", value, bind);
    case "actor":
      return globSql("run.actor", value, bind);
    case "id":
      // Ids are base32 in lower case, so `{` comes after every id with the prefix.
      return `(run.id >= ${bind.bind(value)} AND run.id < ${bind.bind(`${value}{`)})`;
    case "repo": {
      const seen = visible === undefined ? "" : ` AND entry.value IN ${bind.list(visible)}`;
      return extentSql("repositories", `${globSql("entry.value", value, bind)}${seen}`);
    }
    case "job":
      return extentSql("jobs", globSql("entry.value", value, bind));
    case "reason":
      return reasonSql(value, facts);
    case "created":
      return createdSql(readBounds(value), bind);
    case "since":
      return createdSql({ from: readMoment(value, now) ?? Number.NaN, until: Number.POSITIVE_INFINITY }, bind);
    case "until":
      return createdSql({ from: Number.NEGATIVE_INFINITY, until: readMoment(value, now) ?? Number.NaN }, bind);
  }
}

/** Runs that lists show in this state. */
export function stateSql(state: string, facts: Pick<FilterFacts, "bind" | "dead">): string {
  if (state === "interrupted") return interruptedSql(facts);
  const stored = `run.state = ${facts.bind.bind(state)}`;
  // What has ended is never interrupted: no owner is asked for.
  return endStates.has(state) ? `(${stored})` : `(${stored} AND NOT ${interruptedSql(facts)})`;
}

const endStates: ReadonlySet<string> = new Set(["succeeded", "partial", "failed", "cancelled"]);

/** Not over, begun or meant for a process that has gone, and nobody who lives owns it. A detached run that waits for its turn is not. */
export function interruptedSql({ bind, dead }: Pick<FilterFacts, "bind" | "dead">): string {
  const waits = "run.detached = 1 AND run.state = 'queued' AND run.started_at IS NULL";
  const ownerless = `(run.owner_id IS NULL OR run.owner_id IN ${bind.list(dead())})`;
  return `(run.ended_at IS NULL AND ${ownerless} AND NOT (${waits}))`;
}

/** Runs over at least one repository that may be seen. */
export function visibleSql(visible: readonly string[], bind: SqlValues): string {
  return extentSql("repositories", `entry.value IN ${bind.list(visible)}`);
}

function extentSql(list: "repositories" | "jobs", condition: string): string {
  return `EXISTS (SELECT 1 FROM run_extent, json_each(run_extent.${list}) AS entry WHERE run_extent.run = run.position AND ${condition})`;
}

function globSql(column: string, pattern: string, bind: SqlValues): string {
  const value = bind.bind(pattern);
  return /[*?]/.test(pattern) ? `(match_glob(${value}, ${column}) = 1)` : `(${column} = ${value})`;
}

/** A reason that names a hidden repository is shown without the name; found by it, it would tell. */
function reasonSql(text: string, { bind, visible }: FilterFacts): string {
  const holds = `instr(run.reason, ${bind.bind(text)}) > 0`;
  if (visible === undefined) return `(${holds})`;
  const names = `entry.value NOT IN ${bind.list(visible)} AND instr(run.reason, entry.value) > 0`;
  return `(${holds} AND NOT ${extentSql("repositories", names)})`;
}

function createdSql(bounds: { readonly from: number; readonly until: number } | undefined, bind: SqlValues): string {
  if (bounds === undefined || Number.isNaN(bounds.from) || Number.isNaN(bounds.until)) {
    throw new Error("a time in a filter was never checked");
  }
  return `(run.created_at >= ${bind.bind(bounds.from)} AND run.created_at < ${bind.bind(bounds.until)})`;
}
