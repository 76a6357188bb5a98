import { perform } from "../../app/perform.ts";
import { checkFleetRepositories } from "../../app/use-cases/repos.ts";
import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { openBenchWorkspace, time } from "./bench-workspace.ts";

const count = 20;

/** Reads the git facts of twenty repositories, as `repos check` does. */
export async function openRepositoryStatus(context: CheckContext): Promise<BenchmarkBody> {
  const repositories = Array.from({ length: count }, (_, index) => `repository-${index + 1}`);
  const workspace = await openBenchWorkspace(context, await context.scratch("br1"), { repositories, workflows: {} });
  return {
    sample: async () =>
      await time(async () => {
        const { items } = await perform(workspace.app, checkFleetRepositories, {});
        const bad = items.find(({ findings }) => findings.length > 0);
        if (items.length !== count || bad !== undefined) {
          throw new Error(`${items.length} repositories were read; ${bad?.name ?? "none"} is not sound`);
        }
      }),
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
