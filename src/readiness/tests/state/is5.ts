import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readHistory, type StoredEvent, stateFileOf } from "../../acting/read-history.ts";
import { expectSucceeded, runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const runs = 2;

/** Two runs write into one store at the same time; what lies there must tell each of them whole and in order. */
export async function historyIsWhole(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "is5", async (act) => {
    const outside = await makeOutside(act.scratch);
    // Fails the first time it is tried in a run, so that the history has attempts to tell apart.
    const flaky = `echo tried >> "$OUTSIDE/$MAHAVISHNU_RUN_ID-$REPO_NAME"; [ "$(wc -l < "$OUTSIDE/$MAHAVISHNU_RUN_ID-$REPO_NAME")" -gt 1 ]`;
    const steps = [
      { id: "flaky", run: flaky, retry: { attempts: 2, first: "10ms" } },
      { id: "never", run: "true", if: false },
      { id: "last", run: "true" },
    ];
    const workspace = await act.workspace({
      repositories: ["alpha", "beta"],
      workflows: { telling: { jobs: { work: { sweep: {}, env: outside.env, steps } } } },
    });
    const ended = await Promise.all(
      Array.from({ length: runs }, async () => await runToEnd(act, workspace, ["run", "telling"])),
    );
    const history = readHistory(stateFileOf(workspace));
    expectMet(
      history.every(({ seq }, index) => index === 0 || seq > (history[index - 1]?.seq ?? 0)),
      "two events share a place in the order of the workspace",
    );
    for (const each of ended) {
      const { run } = each;
      expectSucceeded(each, "a run did not succeed");
      expectWhole(
        run.id,
        history.filter((event) => event.runId === run.id),
      );
    }
    return { status: "pass", reason: `the ${history.length} events of ${runs} runs at once are complete and in order` };
  });
}

/** What one target of the workflow goes through, in this order. */
const ofTarget = [
  "target.started",
  "step.started flaky",
  "step.finished flaky",
  "step.started flaky",
  "step.finished flaky",
  "step.skipped never",
  "step.started last",
  "step.finished last",
  "target.finished",
];

function expectWhole(id: string, events: readonly StoredEvent[]): void {
  const numbers = events.map(({ runSeq }) => runSeq);
  expectSame(
    numbers,
    numbers.map((_, index) => index + 1),
    `the history of run ${id} has gaps`,
  );
  const late = events.find((event, index) => event.time < (events[index - 1]?.time ?? 0));
  expectMet(late === undefined, `in the history of run ${id} time goes backwards`, { observed: late?.type ?? "" });
  const mute = events.find(({ actor, type, time }) => actor === "" || type === "" || time <= 0);
  expectMet(mute === undefined, `an event of run ${id} has no actor`, { observed: mute?.type ?? "" });
  const ofRun = events.filter(({ type }) => type.startsWith("run.")).map(({ type }) => type);
  expectSame(ofRun, ["run.created", "run.started", "run.finished"], `run ${id} does not begin and end as it should`);
  expectSame([events[0]?.type, events.at(-1)?.type], ["run.created", "run.finished"], `run ${id} has events around it`);
  for (const name of ["alpha", "beta"]) {
    const own = events.flatMap(({ type, data }) => {
      const { target, step } = data as { readonly target?: string; readonly step?: string };
      return target === `work/${name}` ? [step === undefined ? type : `${type} ${step}`] : [];
    });
    expectSame(own, ofTarget, `the history of ${name} in run ${id} is not what happened`);
  }
}
