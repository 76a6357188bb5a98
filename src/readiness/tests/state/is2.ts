import { DatabaseSync } from "node:sqlite";
import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { makeOutside, waitForFile } from "../../acting/outside.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { readErrorCode } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectMet, expectSame, Unmet } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Asks for transitions that a run's state does not allow, from outside of the product and through it. */
export async function refuseIllegal(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "is2", async (act) => {
    const outside = await makeOutside(act.scratch);
    const hold = { id: "hold", run: `: > "$OUTSIDE/begun"\n${waitForFile("go")}` };
    const workspace = await act.workspace({
      repositories: [],
      workflows: { held: { jobs: { work: { env: outside.env, steps: [hold] } } } },
    });
    const followed = await followRun(act, workspace, ["run", "held"]);
    const id = await followed.id();
    const { signal } = act;
    await waitUntil(async () => await outside.has("begun"), { signal, what: "the step to begin" });
    await expectRefused(act, workspace, { words: ["runs", "retry", id], code: "RUN_OWNED", state: "running" });
    await outside.open("go");
    const { run } = await followed.end();
    expectSame(run.state, "succeeded", "the run did not succeed");

    const file = stateFileOf(workspace);
    const before = readHistory(file);
    const words = ["cancel", "resume", "retry"].map((verb) => ["runs", verb, id]);
    await Promise.all(
      words.map((each) => expectRefused(act, workspace, { words: each, code: "RUN_STATE", state: "over" })),
    );
    expectSame(readHistory(file), before, "an act that was refused has written into the history");
    const [listed] = await listRuns(act, workspace);
    expectSame([listed?.id, listed?.state], [id, "succeeded"], "an act that was refused has changed the run");
    expectKept(file, "UPDATE event SET reason = 'another' WHERE run_seq = 1");
    expectKept(file, "DELETE FROM audit");
    return {
      status: "pass",
      reason: "4 acts that the state of a run does not allow were refused; its history cannot be rewritten",
    };
  });
}

interface Refusal {
  readonly words: readonly string[];
  readonly code: string;
  /** How the run stands, in words. */
  readonly state: string;
}

async function expectRefused(act: Act, workspace: ScratchWorkspace, { words, code, state }: Refusal): Promise<void> {
  const result = await act.call(workspace, [...words, "-o", "json"]);
  expectMet(
    result.exitCode === 1 && readErrorCode(result) === code,
    `${words[1]} of a run that is ${state} was not refused`,
    {
      expected: `exit 1, ${code}`,
      observed: `exit ${result.exitCode}, ${readErrorCode(result)}`,
    },
  );
}

/** The database itself keeps what must not be changed, whoever asks. */
function expectKept(file: string, statement: string): void {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec(statement);
  } catch (error) {
    if (error instanceof Error && error.message.includes("append-only")) return;
    throw error;
  } finally {
    database.close();
  }
  throw new Unmet("the store lets its history be changed", { expected: "refused as append-only", observed: statement });
}
