import * as z from "zod";
import { type Action, type ActionContext, ActionError, type Json, type Outputs } from "../engine/contract.ts";
import { explainIssues } from "../lib/explain-issues.ts";

/** What makes an action: its input as a zod schema, from which everything else about the input follows. */
export interface ActionDefinition<Input extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  /** Strict, every key with its meaning. */
  readonly input: Input;
  readonly needsRepository: boolean;
  /** Names of the outputs with their meaning, for the reference page. */
  readonly outputs: Readonly<Record<string, string>>;
  run(input: z.output<Input>, context: ActionContext): Promise<Outputs>;
}

/** A built-in action with what its reference page says. */
export interface BuiltinAction extends Action {
  readonly outputs: Readonly<Record<string, string>>;
}

/** Makes an action that checks its input before it does anything: expressions have given values that nobody saw before. */
export function defineAction<Input extends z.ZodObject>(definition: ActionDefinition<Input>): BuiltinAction {
  const { name, description, input, needsRepository, outputs, run } = definition;
  return {
    name,
    description,
    needsRepository,
    outputs,
    inputSchema: z.toJSONSchema(input, { io: "input", target: "draft-7" }),
    run: async (given, context) => run(readInput(name, input, given), context),
  };
}

function readInput<Input extends z.ZodObject>(
  name: string,
  schema: Input,
  given: Readonly<Record<string, Json>>,
): z.output<Input> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = explainIssues({ value: given, schema }, result.error.issues).map(({ path, message, hint }) => {
    const where = path.length === 0 ? "" : `with.${path.join(".")}: `;
    return `${where}${message}${hint === undefined ? "" : ` (${hint})`}`;
  });
  throw new ActionError(`${name}: ${problems.join("; ")}`);
}
