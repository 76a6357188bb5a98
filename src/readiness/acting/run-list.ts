import * as z from "zod";
import type { Act } from "./act-in-scratch.ts";
import { parseStdout } from "./call-cli.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";

const RunList = z.looseObject({
  items: z.array(
    z.looseObject({
      id: z.string(),
      workflow: z.string(),
      state: z.string(),
      reason: z.string(),
      counts: z.record(z.string(), z.int()),
    }),
  ),
});

/** A run as lists show it; only what the probes look at. */
export type ListedRun = z.output<typeof RunList>["items"][number];

/** The runs of a workspace, newest first. */
export async function listRuns(act: Act, workspace: ScratchWorkspace): Promise<readonly ListedRun[]> {
  const result = await act.call(workspace, ["runs", "list", "--limit", "100", "-o", "json"]);
  return RunList.parse(parseStdout(result)).items;
}
