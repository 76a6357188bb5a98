import { perform } from "../../app/perform.ts";
import { execCommand } from "../../app/use-cases/start-run.ts";
import { listInterruptedRuns } from "../../app/use-cases/runs.ts";
import type { CommandIo } from "../command-io.ts";
import type { ExecOptions } from "../command-options.ts";
import { followRuns, tellInterrupted } from "../follow-run.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu exec -- COMMAND...`. */
export async function runExec(options: ExecOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  tellInterrupted(io, await perform(app, listInterruptedRuns, {}), options);
  const { command, select, maxParallel, timeout } = options;
  return await followRuns({ app, io, options }, async () => {
    const { handle } = await perform(app, execCommand, {
      command,
      ...(select === undefined ? {} : { select }),
      ...(maxParallel === undefined ? {} : { maxParallel }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    });
    return handle === null ? [] : [handle];
  });
}
