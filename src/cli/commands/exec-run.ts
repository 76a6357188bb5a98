import { execCommand } from "../../app/use-cases/start-run.ts";
import type { CommandIo } from "../command-io.ts";
import type { ExecOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { followRuns, tellInterrupted } from "../follow-run.ts";
import { tellDetached } from "../tell-detached.ts";

/** `mahavishnu exec -- COMMAND...`. */
export async function runExec(options: ExecOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  await tellInterrupted({ door, io, options });
  const { command, select, maxParallel, timeout } = options;
  const asked = {
    command,
    ...(select === undefined ? {} : { select }),
    ...(maxParallel === undefined ? {} : { maxParallel }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
  if (options.detach === true) {
    return await tellDetached({ door, io, options }, await door.perform(execCommand, { ...asked, detach: true }));
  }
  return await followRuns({ door, io, options }, async () => [
    { ...(await door.perform(execCommand, asked)), seen: 0 },
  ]);
}
