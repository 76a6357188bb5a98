import { rm } from "node:fs/promises";
import { join } from "node:path";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readRunDocument } from "../../acting/run-document.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Sweeps three repositories of which one is damaged. */
export async function sweepWithOneBroken(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx009", async (act) => {
    const outside = await makeOutside(act.scratch);
    const workspace = await act.workspace({
      repositories: ["alpha", "beta", "gamma"],
      workflows: {
        sweeping: {
          jobs: {
            read: {
              sweep: { order: "none" },
              env: outside.env,
              steps: [{ id: "read", run: `head -n 1 README.md >> "$OUTSIDE/read"` }],
            },
          },
        },
      },
    });
    // Without its objects git still names the commit, and can give nothing of it.
    await rm(join(workspace.repository("beta"), ".git", "objects"), { recursive: true });
    const result = await act.call(workspace, ["run", "sweeping", "-o", "json"]);
    const run = readRunDocument(result);
    const states = run.targets.map(({ repository, state }) => `${repository} ${state}`).toSorted();
    expectSame(
      states,
      ["alpha succeeded", "beta failed", "gamma succeeded"],
      "repositories did not end as they should",
    );
    const read = (await outside.lines("read")).toSorted();
    expectSame(read, ["# alpha", "# gamma"], "the sound repositories were not each worked on once");
    expectSame(
      [run.state, result.exitCode],
      ["partial", 2],
      "a sweep with one broken repository does not count as partial",
    );
    const broken = run.targets.find(({ repository }) => repository === "beta");
    expectMet(broken?.reason.includes("git") === true, "the broken repository does not say what is wrong with it", {
      observed: broken?.reason ?? "",
    });
    return { status: "pass", reason: `of 3 repositories 2 were done and the broken one failed: partial, exit 2` };
  });
}
