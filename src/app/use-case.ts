import type { Permission } from "../access/permissions.ts";
import type { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import type { AppContext } from "./app-context.ts";

/** What a use-case acts on, as the door and the audit trail see it. */
export interface Resource {
  /** `run:k3v9q0x2mf`, `workflow:raise-node`, `workspace`. */
  readonly name: string;
  /**
   * The repositories that it touches or shows: a subject whose rights are scoped must have them for all of these. `any`: the
   * use-case shows what the subject may see and leaves out the rest. Left out: it is about the whole workspace.
   */
  readonly repositories?: readonly string[] | "any";
  /** What is said instead of a refusal, where that would tell that something is there. The trail has the refusal all the same. */
  readonly refusal?: () => MahavishnuError;
}

/** What an act changes, for the audit trail: small, and without anything secret. */
export interface Changes {
  /** What is there now; null when nothing is. */
  readonly before: Json;
  /** What will be there; null when nothing will. */
  readonly after: Json;
}

/** What a use-case is made of. */
export interface UseCaseDefinition<Input, Output, Prepared> {
  /** `startRun`; unique. */
  readonly name: string;
  readonly permission: Permission;
  /** Writes are audited when they are allowed; refusals always are. */
  readonly writes: boolean;
  /** Looks up what the input means. It happens before the door has decided, so it may read and never act. */
  readonly prepare: (context: AppContext, input: Input) => Prepared | Promise<Prepared>;
  /** What it is about. */
  readonly resource: (prepared: Prepared, context: AppContext) => Resource | Promise<Resource>;
  /**
   * What it will change, from what was looked up: it is in the audit trail before the act begins. For acts that change settings,
   * roles or tokens; left out where the act's own history tells more.
   */
  readonly changes?: (prepared: Prepared, context: AppContext) => Changes | Promise<Changes>;
  readonly run: (context: AppContext, prepared: Prepared) => Promise<Output>;
}

/** A use-case that waits for the door's decision. */
export interface BegunUseCase<Output> {
  readonly resource: Resource;
  /** Asked only for a write that is allowed. */
  changes(): Promise<Changes>;
  run(): Promise<Output>;
}

/**
 * One thing that a person or a machine can do with a workspace. It is done through `perform` and in no other way: what it does
 * is private to it.
 */
export class UseCase<Input, Output> {
  readonly name: string;
  readonly permission: Permission;
  readonly writes: boolean;
  readonly #begin: (context: AppContext, input: Input) => Promise<BegunUseCase<Output>>;

  constructor(
    facts: Pick<UseCase<Input, Output>, "name" | "permission" | "writes">,
    begin: (context: AppContext, input: Input) => Promise<BegunUseCase<Output>>,
  ) {
    this.name = facts.name;
    this.permission = facts.permission;
    this.writes = facts.writes;
    this.#begin = begin;
  }

  /** For `perform` alone; a test sees to it. */
  static begin<I, O>(useCase: UseCase<I, O>, context: AppContext, input: I): Promise<BegunUseCase<O>> {
    return useCase.#begin(context, input);
  }
}

/**
 * Defines a use-case whose input has to be looked up before anybody can say what it is about.
 *
 * @example
 * const planRun = definePreparedUseCase({ name: "planRun", permission: "workflows:read", writes: false, prepare: loadIt, … });
 */
export function definePreparedUseCase<Input, Output, Prepared>(
  definition: UseCaseDefinition<Input, Output, Prepared>,
): UseCase<Input, Output> {
  return new UseCase<Input, Output>(definition, async (context, input) => {
    const prepared = await definition.prepare(context, input);
    const resource = await definition.resource(prepared, context);
    const changes = async (): Promise<Changes> =>
      (await definition.changes?.(prepared, context)) ?? { before: null, after: null };
    return { resource, changes, run: () => definition.run(context, prepared) };
  });
}

/** Defines a use-case; see `perform` for doing it. */
export function defineUseCase<Input, Output>(
  definition: Omit<UseCaseDefinition<Input, Output, Input>, "prepare">,
): UseCase<Input, Output> {
  return definePreparedUseCase<Input, Output, Input>({ ...definition, prepare: (_context, input) => input });
}
