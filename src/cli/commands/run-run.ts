import { perform } from "../../app/perform.ts";
import { startRun } from "../../app/use-cases/start-run.ts";
import { listInterruptedRuns, showRun } from "../../app/use-cases/runs.ts";
import type { CommandIo } from "../command-io.ts";
import type { RunOptions } from "../command-options.ts";
import { followRuns, tellInterrupted, watchRun } from "../follow-run.ts";
import { openWorkspace } from "../open-workspace.ts";
import { inputsOf } from "./plan-run.ts";

/** `mahavishnu run WORKFLOW`. */
export async function runRun(options: RunOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  tellInterrupted(io, await perform(app, listInterruptedRuns, {}), options);
  const { workflow, select, maxParallel, idempotencyKey } = options;
  let known: string | undefined;
  const code = await followRuns({ app, io, options }, async () => {
    const { runId, handle } = await perform(app, startRun, {
      workflow,
      inputs: inputsOf(options.input),
      ...(select === undefined ? {} : { select }),
      ...(maxParallel === undefined ? {} : { maxParallel }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (handle !== null) return [handle];
    known = runId;
    return [];
  });
  if (known === undefined) return code;
  io.stderr.write(`run ${known} has this idempotency key already; nothing new was started\n`);
  return await watchRun({ app, io, options }, (await perform(app, showRun, { id: known })).state);
}
