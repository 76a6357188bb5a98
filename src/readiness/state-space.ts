import { mkdir, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { openScratchSpace, type ScratchSpace, sweepScratch } from "./scratch.ts";

/**
 * Scratch space on the disk of the state: a figure of what is durable is worth something only there. Often the folder for
 * temporary files lies in memory, where nothing is durable. If it is the same disk, the usual scratch space is as good; else
 * the space is made beside the state, and what a dead process left there is swept first.
 *
 * @param usual The scratch space below the folder for temporary files. Disposing what is returned leaves that as it is.
 */
export async function openStateSpace(stateFolder: string, usual: () => Promise<ScratchSpace>): Promise<ScratchSpace> {
  const made = await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const leave = async (): Promise<void> => {
    // A workspace without state is left without.
    if (made !== undefined) await rmdir(stateFolder).catch(() => undefined);
  };
  try {
    const [state, temporary] = await Promise.all([stat(stateFolder), stat(tmpdir())]);
    if (state.dev === temporary.dev) {
      await leave();
      return { ...(await usual()), [Symbol.asyncDispose]: async () => await Promise.resolve() };
    }
    await sweepScratch(stateFolder);
    const space = await openScratchSpace(stateFolder);
    return {
      ...space,
      [Symbol.asyncDispose]: async () => {
        await space[Symbol.asyncDispose]();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}
