import type { CommandIo } from "./command-io.ts";
import type { Door } from "./door.ts";
import type { GlobalOptions } from "./global-options.ts";

/**
 * Opens the workspace that the flags name, or the nearest one upwards; with `--url` the server there.
 *
 * @throws MahavishnuError WORKSPACE_NOT_FOUND; UserFileError for a wrong configuration.
 */
export async function openDoor(options: GlobalOptions, io: CommandIo): Promise<Door> {
  if (options.url !== undefined) {
    const { openRemoteDoor } = await import("./remote-door.ts");
    return openRemoteDoor(options.url, io);
  }
  const [{ openWorkspace }, { perform }] = await Promise.all([
    import("./open-workspace.ts"),
    import("../app/perform.ts"),
  ]);
  const local = await openWorkspace(options, io);
  return {
    local,
    perform: async (useCase, input) => await perform(local, useCase, input),
    [Symbol.asyncDispose]: async () => await local[Symbol.asyncDispose](),
  };
}
