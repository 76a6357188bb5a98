import { rename } from "node:fs/promises";
import { join } from "node:path";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { type RunDocument, targetOf } from "../../acting/run-document.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const names = ["one", "two", "three", "four", "five"] as const;

/** Sweeps five repositories of which the third is broken and the fifth needs it; mends it, and asks for the rest. */
export async function sweepAroundBroken(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ix4", async (act) => {
    const outside = await makeOutside(act.scratch);
    const steps = [{ id: "read", run: `git log -1 --format=%s && echo "$REPO_NAME" >> "$OUTSIDE/done"`, retry: 1 }];
    const workspace = await act.workspace({
      repositories: names,
      manifest: { five: { needs: ["three"] } },
      workflows: { sweeping: { jobs: { read: { sweep: {}, env: outside.env, steps } } } },
    });
    // Without its objects git still names the commit, and can give nothing of it.
    const objects = join(workspace.repository("three"), ".git", "objects");
    await rename(objects, `${objects}-away`);
    const swept = await runToEnd(act, workspace, ["run", "sweeping"]);
    expectSame([swept.run.state, swept.exitCode], ["partial", 2], "a sweep with one broken repository is not partial");
    expectSame(
      statesOf(swept.run),
      ["succeeded", "succeeded", "failed", "succeeded", "skipped"],
      "the targets did not end as they should",
    );
    const [broken, dependent] = ["three", "five"].map((name) => targetOf(swept.run, `read/${name}`).reason);
    expectMet(broken?.includes("three") === true, "the broken repository is not named", { observed: broken ?? "" });
    expectMet(dependent?.includes("three") === true, "the skipped one does not say for whose sake", {
      observed: dependent ?? "",
    });
    expectSame(
      (await outside.lines("done")).toSorted(),
      ["four", "one", "two"],
      "sound repositories were not each done once",
    );

    await rename(`${objects}-away`, objects);
    const retried = await runToEnd(act, workspace, ["runs", "retry", swept.run.id]);
    expectSame(
      [retried.run.id, retried.run.state, retried.exitCode],
      [swept.run.id, "succeeded", 0],
      "the rest could not be done after the repair",
    );
    expectSame(
      (await outside.lines("done")).toSorted(),
      [...names].toSorted(),
      "the retry did not do exactly the rest",
    );
    return {
      status: "pass",
      reason: "of 5 repositories 1 was broken and 1 needed it: partial; mended, the retry did just these two",
    };
  });
}

function statesOf(run: RunDocument): string[] {
  return names.map((name) => targetOf(run, `read/${name}`).state);
}
