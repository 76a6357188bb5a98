import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { listRuns } from "../../acting/run-list.ts";
import { expectSucceeded } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Follows the id of a run from the command line to the environment of a step, and into everything that is kept. */
export async function followId(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "io1", async (act) => {
    const outside = await makeOutside(act.scratch);
    const tell = {
      id: "tell",
      run: `printf '%s\\n' "$MAHAVISHNU_RUN_ID" "$MAHAVISHNU_IDEMPOTENCY_KEY" >> "$OUTSIDE/$REPO_NAME"; echo "run $MAHAVISHNU_RUN_ID"`,
    };
    const workspace = await act.workspace({
      repositories: ["alpha", "beta"],
      workflows: {
        traced: {
          jobs: { work: { sweep: {}, env: outside.env, steps: [tell] } },
          finally: [{ id: "report", uses: "report/summary", with: { formats: ["markdown", "junit", "json"] } }],
        },
      },
    });
    const followed = await followRun(act, workspace, ["run", "traced"]);
    const { run, result } = await followed.end();
    expectSucceeded({ run, exitCode: result.exitCode }, "the run did not succeed");
    const { id } = run;
    const strange = followed.events.find(({ runId }) => runId !== id);
    expectMet(strange === undefined, "an event that is told carries another id", { observed: strange?.runId ?? "" });
    for (const name of ["alpha", "beta"]) {
      const [told = "", key = ""] = await outside.lines(name);
      expectSame(told, id, "the environment of a step does not name its run");
      expectMet(key.startsWith(`${id}/`) && key.includes(name), "the idempotency key of a step does not name its run", {
        observed: key,
      });
    }
    const logs = await act.call(workspace, ["runs", "logs", id, "--repo", "alpha", "--step", "tell"]);
    expectSame(logs.stdout.trim(), `run ${id}`, "the log of a step is not found by the id of its run");
    const [listed] = await listRuns(act, workspace);
    expectSame(listed?.id, id, "the list of runs names another id");
    const stored = new Set(readHistory(stateFileOf(workspace)).map(({ runId }) => runId));
    expectSame([...stored], [id], "the history names another id");
    await expectReports(join(workspace.folder, ".mahavishnu", "runs", id), id);
    return {
      status: "pass",
      reason: "one id led from the command to the environment of steps, logs, history and reports",
    };
  });
}

/** Reports lie in the folder of the run and name it. */
async function expectReports(folder: string, id: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const reports = names.filter((name) => name.startsWith("summary."));
  expectSame(
    reports.toSorted(),
    ["summary.json", "summary.junit.xml", "summary.md"],
    "the reports are not where the run is",
  );
  for (const name of reports) {
    expectMet((await readFile(join(folder, name), "utf8")).includes(id), `the report ${name} does not name its run`);
  }
}
