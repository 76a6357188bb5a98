import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { makeOutside, waitForFile } from "../../acting/outside.ts";
import { readErrorCode, readRunDocument, type RunDocument } from "../../acting/run-document.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** What another process must read while the run stands at a gate: run, targets, steps. */
const stages: readonly { readonly gate: string; readonly at: readonly [string, string]; readonly states: string }[] = [
  {
    gate: "go-a",
    at: ["first", "a"],
    states: "running; first running: a running, b pending; second queued: c pending",
  },
  {
    gate: "go-b",
    at: ["first", "b"],
    states: "running; first running: a succeeded, b running; second queued: c pending",
  },
  {
    gate: "go-c",
    at: ["second", "c"],
    states: "running; first succeeded: a succeeded, b succeeded; second running: c running",
  },
];
const atTheEnd = "succeeded; first succeeded: a succeeded, b succeeded; second succeeded: c succeeded";

/** Stops a run at gates and reads it from other processes; then asks for what must be refused. */
export async function readStates(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx002", async (act) => {
    const outside = await makeOutside(act.scratch);
    const step = (id: string): object => ({ id, run: waitForFile(`go-${id}`) });
    const workspace = await act.workspace({
      repositories: [],
      workflows: {
        staged: {
          jobs: {
            first: { env: outside.env, steps: [step("a"), step("b")] },
            second: { needs: ["first"], env: outside.env, steps: [step("c")] },
          },
        },
      },
    });
    const owner = await followRun(act, workspace, ["run", "staged"]);
    const id = await owner.id();
    const watcher = await followRun(act, workspace, ["runs", "watch", id]);
    for (const { gate, at, states } of stages) {
      const [target, name] = at;
      await owner.event(
        `step ${name} begins`,
        ({ type, data }) => type === "step.started" && data.target === target && data.step === name,
      );
      const shown = await show(act, workspace, id);
      expectMet(describe(shown) === states, "another process reads other states than those that the run is in", {
        expected: states,
        observed: describe(shown),
      });
      expectExplained(shown);
      await outside.open(gate);
    }
    const { run, result } = await owner.end();
    expectSame([result.exitCode, describe(run)], [0, atTheEnd], "the run did not end as it should");
    const watched = await watcher.end();
    const tail = watcher.events.length === 0 ? [] : owner.events.slice(-watcher.events.length);
    expectSame(watcher.events, tail, "who watches is told other transitions than who runs");
    expectSame([watched.result.exitCode, watched.run], [0, run], "who watches sees another end than who runs");
    await expectRefusals(act, workspace, run);
    const told = `${stages.length + 1} states and ${watcher.events.length} transitions`;
    return { status: "pass", reason: `other processes read the same ${told}; acts on a run that is over are refused` };
  });
}

async function show(act: Act, workspace: ScratchWorkspace, id: string): Promise<RunDocument> {
  return readRunDocument(await act.call(workspace, ["runs", "show", id, "-o", "json"]));
}

function describe(run: RunDocument): string {
  const targets = run.targets.map(
    ({ key, state, steps }) => `${key} ${state}: ${steps.map((step) => `${step.id} ${step.state}`).join(", ")}`,
  );
  return [run.state, ...targets].join("; ");
}

/** A state never appears without reason and actor. */
function expectExplained(run: RunDocument): void {
  const silent = run.targets.find(({ reason }) => reason === "");
  expectMet(run.reason !== "" && run.actor !== "", `run ${run.id} is ${run.state} without a reason or an actor`);
  expectMet(silent === undefined, `target ${silent?.key} is ${silent?.state} without a reason`);
}

async function expectRefusals(act: Act, workspace: ScratchWorkspace, before: RunDocument): Promise<void> {
  for (const verb of ["cancel", "resume"]) {
    const result = await act.call(workspace, ["runs", verb, before.id, "-o", "json"]);
    expectMet(
      result.exitCode === 1 && readErrorCode(result) === "RUN_STATE",
      `a run that is over could be ${verb}led`.replace("resumeled", "resumed"),
      {
        expected: "exit 1, RUN_STATE",
        observed: `exit ${result.exitCode}, ${readErrorCode(result)}`,
      },
    );
  }
  expectSame(await show(act, workspace, before.id), before, "an act that was refused has changed the run");
}
