import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printSelector } from "../selectors/print-selector.ts";
import { matchGlob } from "../selectors/match-glob.ts";
import { parseRunFilter, type RunFilter } from "../selectors/run-filter.ts";
import { runStates, type RunTermName, runTermNames, runTerms } from "../selectors/run-terms.ts";
import { readBounds, readMoment } from "../selectors/run-times.ts";
import type { Owner, RunQuery } from "./contract.ts";
import { migrations } from "./migrations.ts";
import { openEmptyStore, openStore, type SqliteStore } from "./open-store.ts";
import { compileInterruptedQuery, compileRunQuery } from "./run-query.ts";
import { deadOwner, eventOf, livingOwner, newRun, rowOf, withFolder, withStore } from "./store-fixture.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** A run as the tests know it, apart from the store. */
interface Model {
  readonly id: string;
  readonly workflow: string;
  readonly actor: string;
  readonly reason: string;
  readonly state: string;
  readonly createdAt: number;
  readonly owner: "living" | "dead" | "none";
  readonly repositories: readonly string[];
  readonly jobs: readonly string[];
}

const begun = new Set(["running", "paused", "cancelling"]);

/** The state that lists show. */
function shownState({ state, owner }: Model): string {
  if (owner === "living") return state;
  // One that was recorded without an owner waits for a server, unless it has begun.
  return begun.has(state) || (state === "queued" && owner === "dead") ? "interrupted" : state;
}

/** What the SQL must find, said another way. */
function holds(node: RunFilter, run: Model, now: number, visible: readonly string[] | undefined): boolean {
  switch (node.kind) {
    case "not":
      return !holds(node.item, run, now, visible);
    case "and":
      return node.items.every((item) => holds(item, run, now, visible));
    case "or":
      return node.items.some((item) => holds(item, run, now, visible));
    case "name":
      throw new Error("no names");
    case "term":
      return holdsTerm(node.term, node.value, run, now, visible);
  }
}

function holdsTerm(
  term: RunTermName,
  value: string,
  run: Model,
  now: number,
  visible: readonly string[] | undefined,
): boolean {
  switch (term) {
    case "state":
      return shownState(run) === value;
    case "workflow":
    case "actor":
      return matchGlob(value, run[term]);
    case "id":
      return run.id.startsWith(value);
    case "repo":
      return run.repositories.some((name) => (visible ?? [name]).includes(name) && matchGlob(value, name));
    case "job":
      return run.jobs.some((name) => matchGlob(value, name));
    case "reason": {
      const hidden = visible === undefined ? [] : run.repositories.filter((name) => !visible.includes(name));
      return run.reason.includes(value) && !hidden.some((name) => run.reason.includes(name));
    }
    case "created": {
      const { from, until } = readBounds(value) ?? { from: Number.NaN, until: Number.NaN };
      return from <= run.createdAt && run.createdAt < until;
    }
    case "since":
      return run.createdAt >= (readMoment(value, now) ?? Number.NaN);
    case "until":
      return run.createdAt < (readMoment(value, now) ?? Number.NaN);
  }
}

const day = 86_400_000;
const now = Date.UTC(2026, 10, 3, 12);
/** Names that a statement made of pasted texts would trip over, and globs. */
const hostile = [
  "api",
  "api-gateway",
  "Api",
  "auth/lib",
  "a'b",
  'a"b',
  "a%",
  "a_",
  "[ab]*",
  "*",
  "**",
  "a?",
  "'; DROP TABLE run; --",
  "a\u0000b",
  ":v0",
  "\\",
  "é\u{1F600}",
  "a\nb",
];
const textArb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "binary" }) },
);
const nameArb = textArb.filter((text) => text !== "");
const modelArb = fc.record({
  workflow: nameArb,
  actor: nameArb,
  reason: fc.oneof(
    textArb,
    fc.tuple(nameArb, nameArb).map(([a, b]) => `${a} ${b}`),
  ),
  state: fc.constantFrom(...runStates.filter((state) => state !== "interrupted")),
  // Days and moments of the filters begin at whole hours: their borders are met, too.
  createdAt: fc.oneof(
    fc.integer({ min: 0, max: 72 }).map((hours) => now - hours * 3_600_000),
    fc.integer({ min: now - 3 * day, max: now }),
  ),
  owner: fc.constantFrom("living", "dead", "none"),
  repositories: fc.uniqueArray(nameArb, { maxLength: 4 }),
  jobs: fc.uniqueArray(nameArb, { maxLength: 2 }),
});
const timeArb = fc.constantFrom("2026-11-01", "2026-11-02", "2026-11-03T06:00Z", "2026-11-02T12:00:00.000+02:00");
const valueArbs: Readonly<Record<(typeof runTerms)[RunTermName]["value"], fc.Arbitrary<string>>> = {
  state: fc.constantFrom(...runStates),
  glob: nameArb,
  text: nameArb,
  id: fc.constantFrom("a", "a0", "a1", "b0", "z"),
  created: fc.tuple(fc.constantFrom("", "<", "<=", ">", ">="), timeArb).map((parts) => parts.join("")),
  moment: fc.oneof(timeArb, fc.constantFrom("6h", "1d", "36h", `${"9".repeat(30)}d`)),
};
const range = { start: 0, end: 0 };
const { filter: filterArb } = fc.letrec<{ filter: RunFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthIdentifier: "filter" },
    ...runTermNames.map((term) =>
      valueArbs[runTerms[term].value].map((value): RunFilter => ({ kind: "term", term, value, range })),
    ),
    tie("filter").map((item): RunFilter => ({ kind: "not", item, range })),
    fc
      .tuple(fc.constantFrom("and", "or"), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
      .map(([kind, items]): RunFilter => ({ kind, items, range })),
  ),
}));

const owners: Readonly<Record<Model["owner"], Owner | null>> = { living: livingOwner(), dead: deadOwner(), none: null };

/** Records runs as the models say. */
async function record(store: SqliteStore, models: readonly Model[]): Promise<void> {
  for (const owner of [owners.living, owners.dead]) {
    if (owner !== null) await store.heartbeat(owner, now + 3_600_000);
  }
  for (const { id, workflow, actor, reason, state, createdAt, owner, repositories, jobs } of models) {
    const row = { ...rowOf(state), reason };
    const about = { workflow, actor, extent: { repositories, jobs }, start: null, row };
    const events = [{ ...eventOf("run.created"), time: createdAt }];
    await store.createRun({ ...newRun(id, livingOwner()), ...about, events, owner: owners[owner] });
  }
}

describe("filters of runs in SQL", () => {
  it("find what the same filter finds in JavaScript, whatever is asked of whatever", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(modelArb, { minLength: 1, maxLength: 6 }),
        fc.array(filterArb, { minLength: 3, maxLength: 3 }),
        fc.option(fc.uniqueArray(nameArb, { maxLength: 5 }), { nil: undefined }),
        async (drafts, filters, visible) => {
          await using fresh = openEmptyStore(() => now);
          const models = drafts.map((draft, n): Model => ({ ...draft, id: `${n % 2 === 0 ? "a" : "b"}${n}` }));
          await record(fresh, models);
          for (const filter of filters) {
            const query: RunQuery = { limit: 99, filters: [filter], ...(visible === undefined ? {} : { visible }) };
            const found = (await fresh.listRuns(query)).map(({ id }) => id);
            const wanted = models
              .filter((run) => visible === undefined || run.repositories.some((name) => visible.includes(name)))
              .filter((run) => holds(filter, run, now, visible));
            expect(found, printSelector(filter)).toEqual(wanted.map(({ id }) => id).toReversed());
          }
          const interrupted = models
            .filter((run) => shownState(run) === "interrupted")
            .filter((run) => visible === undefined || run.repositories.some((name) => visible.includes(name)));
          expect(await fresh.listInterrupted({ limit: 99, ...(visible === undefined ? {} : { visible }) })).toEqual(
            interrupted.map(({ id }) => id),
          );
          const all = await fresh.listRunRepositories(models.map(({ id }) => id));
          expect(all).toEqual(new Map(models.map(({ id, repositories }) => [id, repositories] as const)));
        },
      ),
      { numRuns },
    );
  });

  it.each([
    ["the longest chain", Array.from({ length: 1_600 }, () => "id:a").join("||")],
    ["a chain of refusals", Array.from({ length: 1_400 }, () => "!id:z").join("&&")],
    ["the deepest nesting", `${"!(".repeat(32)}id:a${")".repeat(32)}`],
    ["chains in the deepest nesting", `${"(id:z||".repeat(63)}id:a${")".repeat(63)}`],
    ["many kinds", Array.from({ length: 240 }, () => "(state:interrupted||repo:*||reason:is)").join("&&")],
  ])("can be as large as the grammar allows: %s", (_what, text) =>
    withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      await store.createRun(newRun("a1", owner, { extent: { repositories: ["api"], jobs: [] } }));
      const rows = await store.listRuns({ limit: 9, filters: [parseRunFilter(text, "filter")] });
      expect(rows.map(({ id }) => id)).toEqual(["a1"]);
    }),
  );
});

/** How SQLite goes about a statement. */
function planOf(db: DatabaseSync, { sql, values }: ReturnType<typeof compileRunQuery>): string[] {
  return (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as { detail: string }[]).map(({ detail }) => detail);
}

describe("the plan of a list", () => {
  const facts = { now, dead: () => ["owner"] };
  const visible = ["api"];
  const filter = (text: string): RunFilter => parseRunFilter(text, "filter");
  const queries: readonly (readonly [string, RunQuery])[] = [
    ["the first page", { limit: 20 }],
    ["a later page", { limit: 20, beforePosition: 500 }],
    ["the runs of a scope", { limit: 20, visible, beforePosition: 500, fromPosition: 400 }],
    ["states", { limit: 20, filters: [filter("state:failed || state:interrupted || state:running")] }],
    ["repositories", { limit: 20, visible, filters: [filter("repo:api && !job:x && reason:a && since:2h")] }],
  ];
  it.each(queries)("walks along the positions and sorts nothing: %s", (_what, query) =>
    withFolder(async (folder) => {
      const file = `${folder}/state.db`;
      await openStore({ file })[Symbol.asyncDispose]();
      const db = new DatabaseSync(file);
      db.function("match_glob", () => 1);
      const plan = planOf(db, compileRunQuery(query, facts));
      expect(plan[0]).toMatch(/^SEARCH run USING INTEGER PRIMARY KEY \(rowid[<>]/);
      const rest = plan.slice(1).filter((line) => /\b(?:SCAN (?!entry|json_each)|TEMP B-TREE)/.test(line));
      expect(rest).toEqual([]);
      db.close();
    }),
  );

  it("reads interrupted runs from the indexes of runs that are not over", () =>
    withFolder(async (folder) => {
      const file = `${folder}/state.db`;
      await openStore({ file })[Symbol.asyncDispose]();
      const db = new DatabaseSync(file);
      const plan = planOf(db, compileInterruptedQuery({ limit: 20 }, facts));
      expect(plan[0]).toBe("SEARCH run USING INTEGER PRIMARY KEY (rowid=?)");
      expect(plan.filter((line) => line.startsWith("SCAN run")).every((line) => line.includes("run_"))).toBe(true);
      expect(plan.join("\n")).toMatch(/run_unowned[\s\S]*run_owned/);
      db.close();
    }));
});

describe("what runs are about", () => {
  it("is found for runs that were recorded before it was kept", () =>
    withFolder(async (folder) => {
      const file = `${folder}/state.db`;
      const place = migrations.findIndex(
        (step) => typeof step === "string" && step.includes("CREATE TABLE run_extent"),
      );
      const plan = { repositories: { 'a"b': {}, api: {} }, workflow: { jobs: [{ id: "test" }, { id: "ship" }] } };
      await using made = openStore({ file });
      await made.createRun({ ...newRun("old", livingOwner()), owner: null, start: null, events: [created({ plan })] });
      await made.createRun({ ...newRun("odd", livingOwner()), owner: null, start: null, events: [created({})] });
      await made[Symbol.asyncDispose]();
      const db = new DatabaseSync(file);
      db.exec("DROP TABLE run_extent");
      // All steps after it would be done anew: only this one can be.
      db.exec(migrations[place] as string);
      db.close();
      await using store = openStore({ file });
      expect(await store.listRunRepositories(["old", "odd"])).toEqual(
        new Map([
          ["old", ['a"b', "api"]],
          ["odd", []],
        ]),
      );
      const jobs = await store.listRuns({ limit: 9, filters: [parseRunFilter("job:ship", "filter")] });
      expect(jobs.map(({ id }) => id)).toEqual(["old"]);
    }));
});

function created(data: object): ReturnType<typeof eventOf> {
  return eventOf("run.created", data);
}
