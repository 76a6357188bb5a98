import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOfRun, middleOfRun, RunStory, storyStart } from "../../../test/support/run-story.ts";
import type { RunListItem } from "../../app/run-view.ts";
import type { RunState } from "../../engine/state.ts";
import { estimateLeft } from "./estimate-left.ts";
import type { Look } from "./look.ts";
import { renderPlan } from "./plan-view.ts";
import { renderRunSummary } from "./run-summary.ts";
import { labelWidthOf, renderEndedTarget, renderRunBlock } from "./run-view.ts";
import { renderRun, renderRunList } from "./runs-view.ts";
import { displayWidth } from "./text-width.ts";

const look = (width: number): Look => ({ width, colour: false, unicode: true });
const piped = look(Number.POSITIVE_INFINITY);

function listItem(state: RunState): RunListItem {
  const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
  return {
    id: state.id,
    workflow: state.plan.workflow.name,
    revision: state.plan.workflow.revision,
    state: state.state,
    reason: state.cause.reason,
    actor: state.actor,
    createdAt: new Date(state.createdAt).toISOString(),
    startedAt: iso(state.startedAt),
    endedAt: iso(state.endedAt),
    counts: state.counts,
  };
}

/** Everything that is shown of a run, by name. */
const views: Readonly<Record<string, (story: RunStory, look: Look) => string[]>> = {
  block: ({ state, now }, how) => renderRunBlock(state, { now, height: 24 }, how),
  summary: ({ state, now }, how) => renderRunSummary(state, { now, shortId: "k3v9" }, how),
  plan: ({ state }, how) => renderPlan(state.plan, how),
  list: ({ state, now }, how) => renderRunList([listItem(state)], now + 90_000, how),
  show: ({ state, now }, how) => renderRun(state, listItem(state), { now, shortId: "k3v9" }, how),
};

const stories: Readonly<Record<string, () => RunStory>> = {
  "the middle of a run": middleOfRun,
  "the end of a run": endOfRun,
};

describe.each(Object.keys(stories))("%s", (name) => {
  const story = stories[name]?.() ?? middleOfRun();

  it.each(Object.keys(views))("%s at 100, 60 and 40 columns", (view) => {
    const shown = [100, 60, 40].map((width) => views[view]?.(story, look(width)).join("\n"));
    expect(shown.join(`\n${"=".repeat(40)}\n`)).toMatchSnapshot();
  });

  it.each(Object.keys(views))("%s says the same with colour", (view) => {
    const coloured = views[view]?.(story, { ...look(100), colour: true }) ?? [];
    expect(coloured.map(stripVTControlCharacters)).toEqual(views[view]?.(story, look(100)));
    expect(coloured.join("")).toContain("\u001B[");
  });
});

describe("a line for each ended target, when piped", () => {
  it("says state, repository, steps and reason", () => {
    const { state } = endOfRun();
    const width = labelWidthOf(state.plan);
    const lines = [...state.targets.values()].map((target) => renderEndedTarget(state, target, width, piped));
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "ok         auth-lib  set ok   test ok 12.1s
      ok         gateway   set ok   test ok 12.0s
      failed     ledger    set ok   test failed 2.0s (exit 1) x2
      skipped    billing   needs ledger, which failed
      skipped    docs      repo.dirty is false"
    `);
  });
});

describe("the live block", () => {
  it("keeps to the height of the terminal, shows what runs first, and counts the rest", () => {
    const names = Array.from({ length: 200 }, (_, index) => `repo-${String(index).padStart(3, "0")}`);
    const story = new RunStory({ repositories: Object.fromEntries(names.map((repo) => [repo, []])) });
    for (const repo of names.slice(0, 150)) story.succeed(`main/${repo}`, { set: 10, test: 10 });
    story.wait(10_000);
    story.startTarget("main/repo-199").startStep("main/repo-199", "set").wait(2_000);
    const lines = renderRunBlock(story.state, { now: story.now, height: 12 }, look(80));
    expect(lines.length).toBeLessThan(12);
    expect(lines.join("\n")).toContain("repo-199  set .. 2s");
    expect(lines.join("\n")).toContain("... and 194 more");
  });

  it("shows jobs apart when there are several", () => {
    const story = new RunStory({
      repositories: { a: [], b: ["a"] },
      jobs: { edit: ["set"], ship: ["commit", "push"] },
    });
    story.succeed("edit/a", { set: 1_500 }).startTarget("ship/a").startStep("ship/a", "commit").wait(900);
    expect(renderRunBlock(story.state, { now: story.now, height: 24 }, look(80)).join("\n")).toMatchInlineSnapshot(`
      "raise-node  k3v9q0x2mf  2 repositories, 4 targets

        a  edit  ok 1.5s
        b  edit                waits for its turn
        a  ship  commit .. 0s
        b  ship                waits for edit/b, a

        1 done  1 running  2 waiting        00:02"
    `);
  });
});

describe("the summary", () => {
  it("is short when all is well", () => {
    const story = new RunStory({ repositories: { a: [], b: [] } });
    story.succeed("main/a", { set: 10, test: 1_500 }).succeed("main/b", { set: 10, test: 20 });
    story.tell("run.finished", { state: "succeeded" }, "every target succeeded");
    expect(renderRunSummary(story.state, { now: story.now, shortId: "k3v9" }, look(80)).join("\n"))
      .toMatchInlineSnapshot(`
      "     set  test
        a  ok   ok 1.5s
        b  ok   ok

      raise-node  k3v9q0x2mf  succeeded: 2 of 2 succeeded        00:01"
    `);
  });

  it("of an ad hoc command shows what it printed last", () => {
    const story = new RunStory({ workflow: "exec", repositories: { a: [], b: [] }, jobs: { exec: ["run"] } });
    for (const repo of ["a", "b"]) {
      story.startTarget(`exec/${repo}`).startStep(`exec/${repo}`, "run");
      story.endStep(`exec/${repo}`, "run", { lastLine: `answer of ${repo}` }).endTarget(`exec/${repo}`);
    }
    story.tell("run.finished", { state: "succeeded" }, "every target succeeded");
    const { state, now } = story;
    const [first] = state.targets.values();
    if (first === undefined) throw new Error("the story has no target");
    expect(renderEndedTarget(state, first, 1, piped)).toBe("ok         a  answer of a");
    expect(renderRunSummary(state, { now, shortId: "k3v9" }, piped).slice(0, 2)).toEqual([
      "  a  ok  answer of a",
      "  b  ok  answer of b",
    ]);
  });

  it("folds what is well in a large fleet, and never what is not", () => {
    const names = Array.from({ length: 300 }, (_, index) => `repo-${index}`);
    const story = new RunStory({ repositories: Object.fromEntries(names.map((repo) => [repo, []])) });
    for (const repo of names.slice(0, 299)) story.succeed(`main/${repo}`, { set: 10, test: 10 });
    story.startTarget("main/repo-299").startStep("main/repo-299", "set");
    story
      .endStep("main/repo-299", "set", { state: "failed", reason: "exit 7" })
      .endTarget("main/repo-299", "failed", "step set: exit 7");
    story.tell("run.finished", { state: "partial" }, "1 failed");
    const text = renderRunSummary(story.state, { now: story.now, shortId: "k3v9" }, look(80)).join("\n");
    expect(text).toContain("... and 250 more, all ok");
    expect(text).toContain("  repo-299  failed  -");
  });

  it("says of a run that its process left how to go on", () => {
    const story = middleOfRun();
    const shown = { state: "interrupted", reason: "was running when its process went away" };
    const text = renderRunSummary(story.state, { now: story.now, shortId: "k3v9", shown }, look(200)).join("\n");
    expect(text).toContain(
      "interrupted: 1 of 5 succeeded, 1 skipped, 3 not done (was running when its process went away)",
    );
    expect(text).toContain("go on    mahavishnu runs resume k3v9");
  });

  it("offers the output of what failed, unless its reader may not see it", () => {
    const story = new RunStory({ repositories: { "(hidden-1)": [], edge: [] } });
    const shown = (): string => renderRunSummary(story.state, { now: story.now, shortId: "k3v9" }, piped).join("\n");
    const fail = (target: string): void => {
      story.startTarget(target).startStep(target, "set").endStep(target, "set", { state: "failed" });
      story.endTarget(target, "failed");
    };
    fail("main/(hidden-1)");
    expect(shown()).not.toContain("logs");
    fail("main/edge");
    expect(shown()).toContain("logs     mahavishnu runs logs k3v9 --repo edge --step set");
  });

  it("shows commands whole, however narrow the terminal", () => {
    const { state, now } = endOfRun();
    expect(renderRunSummary(state, { now, shortId: "k3v9" }, look(20))).toContain(
      "  again    mahavishnu runs retry k3v9",
    );
  });
});

describe("estimateLeft", () => {
  it("is the work that is left at the pace so far", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const story = new RunStory({
      repositories: Object.fromEntries(names.map((repo) => [repo, []])),
      jobs: { main: ["set"] },
    });
    for (const repo of ["a", "b", "c"]) story.succeed(`main/${repo}`, { set: 10_000 });
    expect(estimateLeft(story.state, story.now)).toBeUndefined();
    story.startTarget("main/d").wait(4_000);
    // d: 6 s; e and f: 10 s each; one at a time.
    expect(estimateLeft(story.state, story.now)).toBe(26_000);
  });

  it("says nothing before there is something to judge by", () => {
    const story = middleOfRun();
    expect(estimateLeft(story.state, story.now)).toBeUndefined();
  });
});

describe("any run, at any width", () => {
  it("never has a line wider than the terminal, but for commands, and never acts on it", () => {
    const word = fc.string({ unit: "binary", maxLength: 30 });
    fc.assert(
      fc.property(
        word,
        word,
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        fc.boolean(),
        (reason, line, width, unicode, colour) => {
          const story = endOfRun();
          const failed = story.state.targets.get("main/ledger")?.steps[1]?.attempts[1];
          if (failed === undefined) throw new Error("the story has no failed attempt");
          Object.assign(failed, { reason, lastLine: line });
          for (const render of Object.values(views)) {
            const lines = render(story, { width, unicode, colour }).map(stripVTControlCharacters);
            expect(lines.filter((text) => displayWidth(text) > width && !text.includes("  mahavishnu "))).toEqual([]);
            expect(lines.filter((text) => /[\p{Cc}]/u.test(text))).toEqual([]);
          }
        },
      ),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
    );
  });

  it("begins when its story does", () => {
    expect(middleOfRun().state.createdAt).toBe(storyStart);
  });
});
