import { actInScratch } from "../../acting/act-in-scratch.ts";
import { readHistory, stateFileOf, toEventLine } from "../../acting/read-history.ts";
import { EventLine } from "../../acting/run-document.ts";
import { showRun } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Reads the store of a run through a connection of its own, each time when its owner tells a transition. */
export async function rereadTransitions(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "is1", async (act) => {
    const step = (id: string): object => ({ id, run: "sleep 0.1" });
    const workspace = await act.workspace({
      repositories: ["alpha", "beta"],
      workflows: { twice: { jobs: { work: { sweep: {}, steps: [step("first"), step("second")] } } } },
    });
    const file = stateFileOf(workspace);
    const told: EventLine[] = [];
    let early: string | undefined;
    const onLine = (line: string): void => {
      const event = EventLine.safeParse(JSON.parse(line));
      if (!event.success) return;
      told.push(event.data);
      const durable = readHistory(file, event.data.runId).some((stored) => isSame(toEventLine(stored), event.data));
      if (!durable) early ??= event.data.type;
    };
    const { ended } = await act.start(workspace, ["run", "twice", "-o", "ndjson"], { onLine });
    const { exitCode } = await ended;
    const stored = readHistory(file);
    expectMet(early === undefined, "a transition was told before it was in the store", { observed: early ?? "" });
    // A run is recorded before anybody can be told of it: its beginning stands in the store alone.
    const untold = stored.slice(0, Math.max(0, stored.length - told.length)).map(({ type }) => type);
    const beginning = untold.every((type) => type === "run.created" || type === "run.started");
    expectMet(beginning, "a transition was not told", { observed: untold.join(", ") });
    expectSame(told, stored.slice(untold.length).map(toEventLine), "the store holds other transitions than were told");
    const run = await showRun(act, workspace, stored[0]?.runId ?? "");
    const steps = run.targets.flatMap((target) => target.steps.map((each) => `${target.key} ${each.id} ${each.state}`));
    const expected = ["alpha", "beta"].flatMap((name) =>
      ["first", "second"].map((id) => `work/${name} ${id} succeeded`),
    );
    expectSame(
      [exitCode, run.state, steps],
      [0, "succeeded", expected],
      "what another process reads is not what happened",
    );
    return {
      status: "pass",
      reason: `${stored.length} transitions were in the store before they were told, as they were told`,
    };
  });
}

function isSame(a: EventLine, b: EventLine): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
