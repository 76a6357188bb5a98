import { describe, expect, it } from "vitest";
import { CapturedStream } from "../../test/support/capture-cli.ts";
import { resultFixture } from "../readiness/result-fixture.ts";
import { advance, createSuiteProgress, type ProgressState, renderProgress } from "./suite-progress.ts";

const look = { width: 80, colour: false, unicode: true };

describe("the progress of a suite", () => {
  it("is a word about whom it waits for where nobody looks, and nothing else", () => {
    const stderr = new CapturedStream();
    using progress = createSuiteProgress({ stderr }, false);
    progress.onEvent({ type: "waiting", holder: "pid 7, since \u001B[2Jnoon" });
    progress.onEvent({ type: "stage", stage: "check", checks: 12 });
    progress.onEvent({ type: "begin", id: "CFG001", title: "", target: null });
    expect(stderr.text).toBe("waits for another suite on this workspace (pid 7, since \\x1b[2Jnoon)\n");
  });

  it("is nothing with -q", () => {
    const stderr = new CapturedStream({ width: 80, height: 24 });
    using progress = createSuiteProgress({ stderr }, true);
    progress.onEvent({ type: "stage", stage: "check", checks: 12 });
    expect(stderr.text).toBe("");
  });

  it("is a block on a terminal, which is gone at the end", () => {
    const stderr = new CapturedStream({ width: 80, height: 24 });
    {
      using progress = createSuiteProgress({ stderr }, false);
      progress.onEvent({ type: "stage", stage: "test", checks: 40 });
      progress.onEvent({ type: "begin", id: "IB1", title: "", target: null });
      expect(stderr.text).toContain("integration tests  0 of 40");
    }
    expect(stderr.text.endsWith("\u001B[J\u001B[?7l\u001B[?7h\u001B[?25h")).toBe(true);
  });

  it("counts a question once, whatever its targets, lists the oldest, and never gets wider than the terminal", () => {
    let state: ProgressState | undefined = advance(undefined, { type: "stage", stage: "check", checks: 30 }, 0);
    for (let index = 1; index <= 11; index += 1) {
      const target = { kind: "repository", name: `repository-${index}` } as const;
      state = advance(state, { type: "begin", id: "RPO001", title: "", target }, index * 100);
      if (index > 2) continue;
      const status = index === 1 ? "fail" : "pass";
      state = advance(state, { type: "end", result: resultFixture({ id: "RPO001", target, status }) }, 150);
    }
    if (state === undefined) throw new Error("a stage has begun");
    expect(renderProgress(state, 1_400, look)).toEqual([
      "checks  1 of 30   1 failed   1.4s",
      "  RPO001 repository-3  1.1s",
      "  RPO001 repository-4  1.0s",
      "  RPO001 repository-5  900ms",
      "  RPO001 repository-6  800ms",
      "  RPO001 repository-7  700ms",
      "  RPO001 repository-8  600ms",
      "  and 3 more",
    ]);
    const narrow = renderProgress(state, 1_400, { ...look, width: 12 });
    expect(narrow.every((line) => line.length <= 12)).toBe(true);
  });

  it("knows nothing before the first stage", () => {
    expect(advance(undefined, { type: "begin", id: "CFG001", title: "", target: null }, 0)).toBeUndefined();
    expect(advance(undefined, { type: "end", result: resultFixture() }, 0)).toBeUndefined();
  });
});
