import { startRun } from "../../app/use-cases/start-run.ts";
import type { CommandIo } from "../command-io.ts";
import type { RunOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { followRuns, tellInterrupted } from "../follow-run.ts";
import { tellDetached } from "../tell-detached.ts";
import { inputsOf } from "./plan-run.ts";

/** `mahavishnu run WORKFLOW`. */
export async function runRun(options: RunOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  await tellInterrupted({ door, io, options });
  const { workflow, select, maxParallel, idempotencyKey } = options;
  const asked = {
    workflow,
    inputs: inputsOf(options.input),
    ...(select === undefined ? {} : { select }),
    ...(maxParallel === undefined ? {} : { maxParallel }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  if (options.detach === true) {
    return await tellDetached({ door, io, options }, await door.perform(startRun, { ...asked, detach: true }));
  }
  return await followRuns({ door, io, options }, async () => {
    const started = await door.perform(startRun, asked);
    if (!started.created) {
      io.stderr.write(`run ${started.runId} has this idempotency key already; nothing new was started\n`);
    }
    // What somebody else has begun is not told again.
    return [started.created ? { ...started, seen: 0 } : started];
  });
}
