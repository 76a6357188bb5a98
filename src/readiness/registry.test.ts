import { describe, expect, it } from "vitest";
import type { Definition } from "./definition.ts";
import { loadChecks, loadRegistry } from "./load-registry.ts";
import { gatesFor, gatesOf, preflightIds } from "./plan-suite.ts";
import { makeWaiversJsonSchema } from "./read-waivers.ts";
import { registeredIds, retiredIds } from "./registered-ids.ts";
import type { Category } from "./types.ts";

const { definitions } = await loadRegistry();

const categoryOfPrefix: Readonly<Record<string, Category>> = {
  CFG: "configuration",
  ADP: "adapters",
  RPO: "repositories",
  WFX: "workflow",
  LIM: "limits",
  SEC: "security",
  I: "integrationTests",
  B: "benchmarks",
};

function categoryOf(id: string): Category | undefined {
  return categoryOfPrefix[id.slice(0, 3)] ?? categoryOfPrefix[id.charAt(0)];
}

describe("the catalogue", () => {
  it("fits together, and the checks alone do as well", () => {
    expect(definitions.length).toBeGreaterThan(20);
    expect(loadChecks().definitions.length).toBe(definitions.filter(({ kind }) => kind === "check").length);
  });

  it("uses registered ids alone, none that was given up, each under its own heading", () => {
    const unregistered = definitions.filter(({ id }) => registeredIds[id] === undefined).map(({ id }) => id);
    expect(unregistered, "add them to registered-ids.ts, each with what it stands for").toEqual([]);
    expect(definitions.filter(({ id }) => retiredIds.includes(id))).toEqual([]);
    for (const { id, category } of definitions) expect(categoryOf(id), id).toBe(category);
  });

  it("keeps what an id stood for, also after it was given up", () => {
    for (const id of retiredIds) expect(registeredIds[id], id).toBeDefined();
    expect(Object.keys(registeredIds).length).toBeGreaterThanOrEqual(147);
  });

  it("has what the preflight needs, or the tests would run on sand", () => {
    const known = new Set(definitions.map(({ id }) => id));
    expect(preflightIds.filter((id) => !known.has(id))).toEqual([]);
  });

  it.each(definitions.map((definition) => [definition.id, definition] as const))(
    "explains %s in whole sentences",
    (_, definition) => {
      const { title, verifies, advice, how } = definition;
      expect(title).toMatch(/^\S/);
      expect(title).not.toMatch(/\.$/);
      expect(verifies).toMatch(/^(?:[A-Z]|limits\.).*\.$/);
      expect(advice.text).toMatch(/^[A-Z].*[.:]$/);
      expect([how.static !== undefined, how.live !== undefined]).toEqual(probesOf(definition));
    },
  );

  it("counts every check in a gate of every command that asks it", () => {
    for (const definition of definitions)
      expect(gatesFor(definition, gatesOf("run-all-tests")), definition.id).not.toEqual([]);
  });
});

/** A roll-up says how it works for both; a benchmark only acts. */
function probesOf(definition: Definition): readonly [boolean, boolean] {
  if (definition.kind === "benchmark") return [false, true];
  if (definition.rollUpOf !== undefined) return [true, true];
  return [definition.static !== undefined, definition.live !== undefined];
}

describe("makeWaiversJsonSchema", () => {
  it("asks for a reason, an owner and an end", () => {
    expect(makeWaiversJsonSchema()).toMatchObject({
      properties: { waivers: { items: { required: ["id", "reason", "owner", "expires"] } } },
    });
  });
});
