import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckDefinition, Definition } from "./definition.ts";
import { openContext, type OpenContext } from "./open-context.ts";
import type { ProductionSetting } from "./run-production.ts";
import { makeRegistry } from "./registry.ts";
import type { PlannedCheck } from "./suite-plan.ts";
import type { Outcome } from "./types.ts";

/** An outcome that says yes. */
export const yes: Outcome = { status: "pass", reason: "all is well" };

/** An outcome that says no. */
export const no: Outcome = { status: "fail", reason: "it is broken" };

/** A check for tests of the framework; without parts it passes statically. */
export function checkFixture(parts: Partial<CheckDefinition> & { readonly id: string }): CheckDefinition {
  const asks = parts.live !== undefined || parts.rollUpOf !== undefined || parts.static !== undefined;
  return {
    title: `${parts.id} holds`,
    kind: "check",
    category: "configuration",
    severity: "critical",
    verifies: "that the framework works",
    how: { static: "it answers" },
    advice: { text: "mend it" },
    ...(asks ? {} : { static: () => yes }),
    ...parts,
  };
}

/** Definitions as a plan asks them, live and counted by the configuration gate. */
export function plannedFixture(definitions: readonly Definition[], parts: Partial<PlannedCheck> = {}): PlannedCheck[] {
  makeRegistry(definitions);
  return definitions.map((definition) => ({ definition, mode: "live", gates: ["config"], ...parts }));
}

/** A context on an empty folder without a configuration. */
export function contextFixture(folder: string): OpenContext {
  return openContext({
    workspace: folder,
    profile: "production",
    thorough: false,
    environment: process.env,
    cli: { file: process.execPath, args: ["--version"] },
    config: async () => await Promise.reject(new Error("there is no configuration here")),
  });
}

/** A setting for `runProduction` with its own catalogue; nothing of it can be loaded or interrupted. */
export function settingFixture(
  definitions: readonly Definition[],
  parts: Partial<ProductionSetting> = {},
): ProductionSetting {
  return {
    workspace: tmpdir(),
    config: async () => await Promise.reject(new Error("there is no configuration here")),
    environment: process.env,
    cli: { file: process.execPath, args: ["--version"] },
    interrupt: new AbortController().signal,
    interruptCode: () => 130,
    graceMs: 50,
    calibrationRounds: 2,
    registry: makeRegistry(definitions),
    ...parts,
  };
}

/** A new folder for one test; the test removes it. */
export function folderFixture(): string {
  return mkdtempSync(join(tmpdir(), "readiness-"));
}
