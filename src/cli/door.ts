import type { AppContext } from "../app/app-context.ts";
import type { UseCase } from "../app/use-case.ts";
import type { CommandIo } from "./command-io.ts";
import type { GlobalOptions } from "./global-options.ts";

/** Where a command does what it does: in a workspace of this machine, or at a server. */
export interface Door extends AsyncDisposable {
  /** Does one thing. @throws MahavishnuError as the use-case does; SERVER_… when a server cannot be asked. */
  perform<Input, Output>(useCase: UseCase<Input, Output>, input: Input): Promise<Output>;
  /** The open workspace, whose runs this process executes; null at a server, which executes them itself. */
  readonly local: AppContext | null;
}

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
