import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../test/support/suite-stage.ts";
import type { Scratch } from "../scratch.ts";
import { type Act, actInScratch } from "./act-in-scratch.ts";
import { followRun } from "./follow-run.ts";
import { holdOn, makeOutside } from "./outside.ts";
import { endScratchProcesses, listScratchProcesses } from "./scratch-processes.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";
import { expectMet, expectSame, Unmet } from "./unmet.ts";
import { waitUntil } from "./wait-until.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\nlimits: { timeout: 11m, retry: { attempts: 5 } }\n");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const never = new AbortController().signal;

/** A workspace with a workflow that goes on until somebody ends it. */
async function makeEndless(act: Act): Promise<{ workspace: ScratchWorkspace; begun: () => Promise<void> }> {
  const outside = await makeOutside(act.scratch);
  const run = `( trap '' TERM; ${holdOn} ) &\necho begun >> "$OUTSIDE/begun"\n${holdOn}`;
  const jobs = { hold: { env: outside.env, steps: [{ id: "hold", run }] } };
  const workspace = await act.workspace({ repositories: [], workflows: { endless: { jobs } } });
  return {
    workspace,
    begun: async () => await waitUntil(() => outside.has("begun"), { signal: act.signal, what: "the step" }),
  };
}

describe("actInScratch", () => {
  it("turns an expectation that is not met into the answer, and passes every other error on", async () => {
    const context = stage.context();
    const unmet = await actInScratch(context, "unmet", () => {
      throw new Unmet("it is broken", { expected: "sound" });
    });
    expect(unmet).toEqual({ status: "fail", reason: "it is broken", expected: "sound" });
    const broken = actInScratch(context, "broken", () => {
      throw new Error("a mistake of the check");
    });
    await expect(broken).rejects.toThrow("a mistake of the check");
  });

  it("ends what the act has left running, also what ignores TERM", async () => {
    let scratch: Scratch | undefined;
    let seen = 0;
    await actInScratch(stage.context(), "endless", async (act) => {
      const { workspace, begun } = await makeEndless(act);
      scratch = act.scratch;
      await act.start(workspace, ["run", "endless"]);
      await begun();
      seen = (await listScratchProcesses(act.scratch)).length;
      return { status: "pass", reason: "left running" };
    });
    expect(seen).toBeGreaterThanOrEqual(3);
    expect(await listScratchProcesses(scratch ?? { folder: "/" })).toEqual([]);
  });

  it("ends everything and says why when its signal is aborted", async () => {
    const controller = new AbortController();
    let scratch: Scratch | undefined;
    const asked = actInScratch(stage.context({ signal: controller.signal }), "aborted", async (act) => {
      scratch = act.scratch;
      const { workspace, begun } = await makeEndless(act);
      const run = await followRun(act, workspace, ["run", "endless"]);
      await begun();
      controller.abort(new Error("the suite was stopped"));
      await run.end();
      return { status: "pass", reason: "never reached" };
    });
    await expect(asked).rejects.toThrow("the suite was stopped");
    expect(await listScratchProcesses(scratch ?? { folder: "/" })).toEqual([]);
  });

  it("works with the user's own limits, but for those that are changed", async () => {
    await actInScratch(stage.context(), "limits", async (act) => {
      const workspace = await act.workspace({ repositories: [], workflows: {}, limits: { grace: 123 } });
      const shown = await act.call(workspace, ["config", "show"]);
      expect(shown.stdout).toMatch(/limits\.timeout\W+660000ms/);
      expect(shown.stdout).toMatch(/limits\.retry\.attempts\W+5/);
      expect(shown.stdout).toMatch(/limits\.grace\W+123ms/);
      return { status: "pass", reason: "read" };
    });
  });

  it("leaves the user's workspace alone", async () => {
    expect(await readdir(stage.workspace)).toEqual(["mahavishnu.yaml"]);
  });
});

describe("scratch processes", () => {
  it("of another check are not found", async () => {
    const context = stage.context();
    await actInScratch(context, "one", async (act) => {
      const { workspace, begun } = await makeEndless(act);
      await act.start(workspace, ["run", "endless"]);
      await begun();
      const other = await context.scratch("on");
      expect(await listScratchProcesses(other)).toEqual([]);
      expect(await endScratchProcesses({ folder: join(act.scratch.folder, "..") })).not.toEqual([]);
      return { status: "pass", reason: "looked" };
    });
  });
});

describe("expectations", () => {
  it("show what was expected and what was seen", () => {
    expect(() => expectMet(false, "no", { expected: "yes" })).toThrow(Unmet);
    expectSame({ a: [1] }, { a: [1] }, "the same");
    const outcomeOf = (seen: unknown, wanted: unknown): unknown => {
      try {
        expectSame(seen, wanted, "differs");
      } catch (error) {
        return (error as Unmet).outcome;
      }
      return undefined;
    };
    expect(outcomeOf([1], [2])).toMatchObject({ expected: "[2]", observed: "[1]" });
    expect(outcomeOf(undefined, 1)).toMatchObject({ expected: "1", observed: "nothing" });
    const long = "x".repeat(200);
    const differ = outcomeOf({ long, deep: [{ state: "failed" }] }, { long, deep: [{ state: "succeeded" }] });
    expect(differ).toMatchObject({ expected: 'deep.0.state: "succeeded"', observed: 'deep.0.state: "failed"' });
    expect(outcomeOf({ long, extra: 1 }, { long })).toMatchObject({ expected: "extra: nothing", observed: "extra: 1" });
    expect(outcomeOf({ long, a: 1, b: 2 }, { b: 2, a: 1, long })).toMatchObject({ reason: "differs" });
  });

  it("are waited for, and not for ever", async () => {
    let asked = 0;
    await waitUntil(() => (asked += 1) > 2, { signal: never, what: "three questions" });
    const inVain = waitUntil(() => false, { signal: never, timeoutMs: 30, what: "rain" });
    await expect(inVain).rejects.toThrow("waited 30 ms in vain for rain");
  });
});
