import { orderByNeeds } from "../lib/graph.ts";
import type { Definition } from "./definition.ts";

/** Definitions that fit together: ids are unique, what they need exists, and nothing needs itself. */
export interface Registry {
  /** In the order of the catalogue. */
  readonly definitions: readonly Definition[];
  readonly byId: ReadonlyMap<string, Definition>;
}

/**
 * Puts definitions together. A defect is a mistake in the product, never of its user, and so an ordinary `Error`.
 *
 * @example
 * makeRegistry([cfg001]).byId.get("CFG001");
 */
export function makeRegistry(definitions: readonly Definition[]): Registry {
  const byId = new Map<string, Definition>();
  for (const definition of definitions) {
    if (byId.has(definition.id)) throw new Error(`two checks have the id ${definition.id}`);
    byId.set(definition.id, definition);
  }
  for (const definition of definitions) {
    const problem = findDefect(definition, byId);
    if (problem !== undefined) throw new Error(`${definition.id}: ${problem}`);
  }
  const found = orderByNeeds([...byId.keys()], (id) => byId.get(id)?.dependsOn ?? []);
  if ("circle" in found) throw new Error(`checks need each other: ${found.circle.join(" -> ")}`);
  return { definitions, byId };
}

/** Whether a definition takes the word of others instead of asking. */
export function isRollUp(definition: Definition): boolean {
  return definition.kind !== "benchmark" && definition.rollUpOf !== undefined;
}

function findDefect(definition: Definition, byId: ReadonlyMap<string, Definition>): string | undefined {
  for (const id of definition.dependsOn ?? []) {
    const needed = byId.get(id);
    if (needed === undefined) return `depends on ${id}, which does not exist`;
    if (isRollUp(needed)) return `depends on ${id}, which is a roll-up`;
  }
  if (definition.kind === "benchmark") return definition.samples > 0 ? undefined : "takes no samples";
  for (const id of definition.rollUpOf ?? []) {
    const member = byId.get(id);
    if (member === undefined) return `rolls up ${id}, which does not exist`;
    if (isRollUp(member)) return `rolls up ${id}, which is a roll-up itself`;
  }
  const asks = definition.static !== undefined || definition.live !== undefined;
  if (asks === isRollUp(definition)) return "has to have probes, or members to roll up, and not both";
  if (definition.kind === "test" && definition.group === undefined) return "is a test without a group";
  return undefined;
}
