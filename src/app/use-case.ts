import type { Permission } from "../access/permissions.ts";
import type { AppContext } from "./app-context.ts";

/** What a use-case acts on, as the door and the audit trail see it. */
export interface Resource {
  /** `run:k3v9q0x2mf`, `workflow:raise-node`, `workspace`. */
  readonly name: string;
  /** Repositories that it touches or shows; a scoped binding must cover all of them. Left out: none in particular. */
  readonly repositories?: readonly string[];
}

/** One thing that a person or a machine can do with a workspace. All doors lead through these. */
export interface UseCase<Input, Output> {
  /** `startRun`; unique. */
  readonly name: string;
  readonly permission: Permission;
  /** Writes are audited when they are allowed; refusals always are. */
  readonly writes: boolean;
  /** What the input is about; may have to look, and is asked before anything is done. */
  readonly resource: (input: Input, context: AppContext) => Resource | Promise<Resource>;
  readonly run: (context: AppContext, input: Input) => Promise<Output>;
}

/** Defines a use-case; see `perform` for doing it. */
export function defineUseCase<Input, Output>(useCase: UseCase<Input, Output>): UseCase<Input, Output> {
  return useCase;
}
