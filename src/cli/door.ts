import type { AppContext } from "../app/app-context.ts";
import type { UseCase } from "../app/use-case.ts";

/** Where a command does what it does: in a workspace of this machine, or at a server. */
export interface Door extends AsyncDisposable {
  /** Does one thing. @throws MahavishnuError as the use-case does; SERVER_… when a server cannot be asked. */
  perform<Input, Output>(useCase: UseCase<Input, Output>, input: Input): Promise<Output>;
  /** The open workspace, whose runs this process executes; null at a server, which executes them itself. */
  readonly local: AppContext | null;
}
