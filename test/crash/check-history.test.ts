import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.ts";

const folder = mkdtempSync(join(tmpdir(), "check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An event as its type, target, step and the rest of its data. */
type Fact = readonly [type: string, target?: string | undefined, step?: string | undefined, rest?: object];

const plan = {
  workflow: { jobs: [{ id: "j", steps: [{ id: "one" }, { id: "two" }] }], finally: [{ id: "last" }] },
  targets: [
    { key: "j/a", job: "j", after: [] },
    { key: "j/b", job: "j", after: [{ target: "j/a" }] },
    { key: "finally", job: "finally", after: [] },
  ],
};

const start = (target: string, step: string, attempt = 1): Fact => ["step.started", target, step, { attempt }];
const end = (target: string, step: string, attempt = 1, state = "succeeded", retryAt: number | null = null): Fact => [
  "step.finished",
  target,
  step,
  { attempt, state, retryAt },
];
const done = (target: string, state = "succeeded"): Fact => ["target.finished", target, undefined, { state }];

/** A sound history: a's second step was interrupted once, b's first failed once. */
const sound: readonly Fact[] = [
  ["run.created", undefined, undefined, { plan }],
  ["run.started"],
  ["target.started", "j/a"],
  start("j/a", "one"),
  end("j/a", "one"),
  start("j/a", "two"),
  ["run.takenOver"],
  ["step.interrupted", "j/a", "two"],
  start("j/a", "two", 2),
  end("j/a", "two", 2),
  done("j/a"),
  ["target.started", "j/b"],
  start("j/b", "one"),
  end("j/b", "one", 1, "failed", 5),
  start("j/b", "one", 2),
  end("j/b", "one", 2),
  start("j/b", "two"),
  end("j/b", "two"),
  done("j/b"),
  ["target.started", "finally"],
  start("finally", "last"),
  end("finally", "last"),
  done("finally"),
  ["run.finished", undefined, undefined, { state: "succeeded" }],
];

/** What the steps counted of it. */
const counted = ["j/a/one 1", "j/a/two 1", "j/a/two 2", "j/b/one 1", "j/b/one 2", "j/b/two 1", "finally/last 1"]
  .flatMap((line) => (line === "j/a/two 1" ? [`begin r/${line}`] : [`begin r/${line}`, `end r/${line}`]))
  .map((line) => `${line} 77`);

const row = {
  id: "r",
  position: 1,
  state: "succeeded",
  run_seq: sound.length,
  owner_id: null,
  total: 2,
  succeeded: 2,
  running: 0,
};
let files = 0;

/** What the checker says about a history, the counter and the row of the run. */
function check(
  facts: readonly Fact[],
  lines: readonly string[] = counted,
  its: object = {},
  expected: "crashed" | "succeeded" = "succeeded",
): string[] {
  files += 1;
  const database = join(folder, `${files}.db`);
  const db = new DatabaseSync(database);
  db.exec(
    "CREATE TABLE run(id, position, state, run_seq, owner_id, total, succeeded, running); CREATE TABLE event(seq INTEGER PRIMARY KEY, run, run_seq, type, data)",
  );
  const values = Object.values({ ...row, run_seq: facts.length, ...its });
  db.prepare("INSERT INTO run VALUES(?, ?, ?, ?, ?, ?, ?, ?)").run(...values);
  const insert = db.prepare("INSERT INTO event(run, run_seq, type, data) VALUES(1, ?, ?, ?)");
  for (const [index, [type, target, step, rest]] of facts.entries())
    insert.run(index + 1, type, JSON.stringify({ target, step, ...rest }));
  db.close();
  return checkHistory({ database, counter: lines.map((line) => `${line}\n`).join("") }, expected);
}

const without = (at: number): readonly Fact[] => sound.filter((_, index) => index !== at);
const place = (fact: Fact): number => sound.findIndex((each) => JSON.stringify(each) === JSON.stringify(fact));
const moved = (fact: Fact, to: number): readonly Fact[] => without(place(fact)).toSpliced(to, 0, fact);

describe("checkHistory", () => {
  it("finds nothing wrong with a sound history, nor with any beginning of it and what was counted by then", () => {
    expect(check(sound)).toEqual([]);
    for (let length = 1; length < sound.length; length += 1) {
      const begun = new Set(
        sound
          .slice(0, length)
          .filter(([type]) => type === "step.started")
          .map(([, target, step, rest]) => `r/${target}/${step} ${(rest as { attempt: number }).attempt}`),
      );
      const lines = counted.filter((line) => begun.has(line.split(" ").slice(1, 3).join(" ")));
      const known = lines.filter(
        (line, index) => index < lines.length - 1 || line.startsWith("begin") || length % 2 === 0,
      );
      const faults = check(sound.slice(0, length), known, {}, "crashed").filter(
        (fault) => !/is finished, but began 1 times and ended 0/.test(fault),
      );
      expect(faults).toEqual([]);
    }
  });

  it.each<[string, readonly Fact[]]>([
    ["the history begins with run.started", without(0)],
    [
      "j/a one: attempt 2 began before the last one had ended",
      [...sound.slice(0, 4), start("j/a", "one", 2), ...sound.slice(4)],
    ],
    [
      "j/a two: attempt 1 has number 2",
      without(place(start("j/a", "two"))).filter(([type]) => type !== "step.interrupted"),
    ],
    [
      "j/b two: attempt 2 came after a success",
      moved(done("j/b"), 22).toSpliced(18, 0, start("j/b", "two", 2), end("j/b", "two", 2)),
    ],
    [
      "j/b one: attempt 2 came after a failure that was final",
      sound.map((fact) =>
        fact[3] !== undefined && "retryAt" in fact[3] && fact[3].retryAt === 5 ? end("j/b", "one", 1, "failed") : fact,
      ),
    ],
    ["an attempt ended that never began", without(place(start("j/b", "two")))],
    ["j/b one began before j/a had ended", moved(done("j/a"), 14)],
    ["finally last began before j/b had ended", moved(done("j/b"), 21)],
    ["j/a two began before one had succeeded", moved(end("j/a", "one"), 6)],
    ["j/b two began after its target had ended", moved(done("j/b"), 16)],
    ["j/a ended twice", [...sound, done("j/a")]],
    ["the history has 0 ends", sound.slice(0, -1)],
    ["the history has 2 ends", [...sound, ...sound.slice(-1)]],
    [
      "j/b is failed",
      sound.map((fact) => (fact[0] === "target.finished" && fact[1] === "j/b" ? done("j/b", "failed") : fact)),
    ],
    ["finally last succeeded 0 times", sound.filter((fact) => fact[2] !== "last")],
    ["the run ended as partial", [...sound.slice(0, -1), ["run.finished", undefined, undefined, { state: "partial" }]]],
  ])("finds that %s", (fault, facts) => {
    expect(check(facts).join("\n")).toContain(fault);
  });

  it.each<[string, readonly string[]]>([
    ["j/a one, attempt 1 is finished, but began 0 times and ended 0 times", counted.slice(2)],
    ["j/a one, attempt 1 is finished, but began 2 times and ended 1 times", [...counted, "begin r/j/a/one 1 78"]],
    ["j/a two, attempt 1 began 2 times and ended 0 times", [...counted, "begin r/j/a/two 1 78"]],
    ["r/j/a/one, attempt 2, ran and is not in the history", [...counted, "begin r/j/a/one 2 78"]],
    ["r2/j/a/one, attempt 1, ran and is not in the history", [...counted, "begin r2/j/a/one 1 78"]],
    ["j/b acted before j/a was done", [...counted.slice(5, 7), ...counted.slice(0, 5), ...counted.slice(7)]],
  ])("finds what was counted: %s", (fault, lines) => {
    expect(check(sound, lines).join("\n")).toContain(fault);
  });

  it.each<[string, object]>([
    ["the row says", { state: "running" }],
    ["the row says", { owner_id: "somebody" }],
    ["the row says", { succeeded: 1 }],
    ["the row counts 3 of 24 events", { run_seq: 3 }],
  ])("finds that %s otherwise: %j", (fault, its) => {
    expect(check(sound, counted, its).join("\n")).toContain(fault);
  });
});
