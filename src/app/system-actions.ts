import type { Action, ActionRegistry } from "../engine/contract.ts";
import { purgeName } from "./purge/plan-purge.ts";
import type { PurgeTools } from "./purge/purge-parts.ts";

/**
 * Actions of the workspace itself. The engine has them and workflows do not: a file that names one is refused, as any action that there is
 * not. What they need is loaded when they run.
 */
export function makeSystemActions(tools: PurgeTools): ActionRegistry {
  const purge: Action = {
    name: purgeName,
    description: "Forgets what is older than retention says.",
    inputSchema: { type: "object" },
    needsRepository: false,
    run: async (input, context) => await (await import("./purge/purge-action.ts")).runPurgeStep(tools, input, context),
  };
  return new Map([[purge.name, purge]]);
}
