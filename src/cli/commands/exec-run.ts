import { execCommand } from "../../app/use-cases/start-run.ts";
import type { CommandIo } from "../command-io.ts";
import type { ExecOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { followRuns, tellInterrupted } from "../follow-run.ts";

/** `mahavishnu exec -- COMMAND...`. */
export async function runExec(options: ExecOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  await tellInterrupted({ door, io, options });
  const { command, select, maxParallel, timeout } = options;
  return await followRuns({ door, io, options }, async () => [
    await door.perform(execCommand, {
      command,
      ...(select === undefined ? {} : { select }),
      ...(maxParallel === undefined ? {} : { maxParallel }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    }),
  ]);
}
