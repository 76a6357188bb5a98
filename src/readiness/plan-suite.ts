import { MahavishnuError } from "../lib/errors.ts";
import type { CheckDefinition, Definition } from "./definition.ts";
import { isRollUp, type Registry } from "./registry.ts";
import { selectIds, splitPatterns } from "./select.ts";
import type { PlannedCheck, SuitePlan } from "./suite-plan.ts";
import type { Category, Command, GateName, Profile } from "./types.ts";

/** What the tests and the benchmarks need before they can say anything: a configuration that loads, and a place for state. */
export const preflightIds: readonly string[] = ["CFG001", "CFG005", "CFG006", "CFG008", "CFG013", "CFG014"];

/** What a user asks for. */
export interface PlanRequest {
  readonly command: Command;
  readonly profile: Profile;
  /** `check-config --all`: all six headings, live. */
  readonly all?: boolean;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Forbids everything that acts. */
  readonly readOnly?: boolean;
  /** Why, where it was not `--read-only`: a sentence's end after `it acts, and`. */
  readonly readOnlyBecause?: string;
  readonly allowEmpty?: boolean;
}

/** The gates of each command, in the order in which they are shown. */
export function gatesOf(command: Command, all = false): readonly GateName[] {
  switch (command) {
    case "check-config":
      return all ? ["config", "readiness", "security"] : ["config", "security"];
    case "run-integration-tests":
      return ["preflight", "integration", "security"];
    case "run-benchmarks":
      return ["preflight", "benchmarks"];
    case "run-all-tests":
      return ["config", "readiness", "security", "integration", "benchmarks"];
  }
}

/** The gate of each heading. */
const gateOfCategory: Readonly<Record<Category, GateName>> = {
  configuration: "config",
  adapters: "readiness",
  repositories: "readiness",
  workflow: "readiness",
  limits: "readiness",
  security: "security",
  integrationTests: "integration",
  benchmarks: "benchmarks",
};

/**
 * The gates of a command that count a definition. A command without a readiness gate asks about repositories and limits
 * as parts of the configuration, where the guide lists them too, and counts them there.
 */
export function gatesFor(definition: Definition, gates: readonly GateName[]): readonly GateName[] {
  if (gates.includes("preflight") && definition.kind === "check") return ["preflight"];
  const own = gateOfCategory[definition.category];
  const wanted = new Set<GateName>([gates.includes(own) ? own : "config"]);
  if (definition.security === true) wanted.add("security");
  return gates.filter((gate) => wanted.has(gate));
}

/** The headings that the guide lists under configuration validity, and so `check-config` without `--all`. */
const configHeadings: ReadonlySet<Category> = new Set(["configuration", "repositories", "limits", "security"]);

/** What a command asks of the whole catalogue. */
function definitionsOf(request: PlanRequest, registry: Registry): readonly Definition[] {
  const { definitions } = registry;
  const isCheck = (definition: Definition): definition is CheckDefinition => definition.kind === "check";
  const preflight = definitions.filter((definition) => preflightIds.includes(definition.id));
  switch (request.command) {
    case "check-config":
      if (request.all === true) return definitions.filter(isCheck);
      return definitions.filter(
        (definition) => isCheck(definition) && configHeadings.has(definition.category) && isStatic(definition),
      );
    case "run-integration-tests":
      return [...preflight, ...definitions.filter((definition) => definition.kind === "test")];
    case "run-benchmarks":
      return [...preflight, ...definitions.filter((definition) => definition.kind === "benchmark")];
    case "run-all-tests":
      return definitions;
  }
}

function isStatic(definition: CheckDefinition): boolean {
  return definition.static !== undefined || isRollUp(definition);
}

/**
 * What a command asks, which gates count it, and what the user told us to leave out.
 *
 * @throws MahavishnuError USAGE when a pattern picks nothing, or nothing is left to ask.
 */
export function planSuite(request: PlanRequest, registry: Registry): SuitePlan {
  const { command, profile } = request;
  const gates = gatesOf(command, request.all);
  const live = command !== "check-config" || request.all === true;
  const from = definitionsOf(request, registry);
  const select = (flag: string, patterns: readonly string[]): ReadonlySet<string> =>
    selectIds({
      flag,
      patterns,
      from,
      catalogue: registry.definitions,
      command,
      allowEmpty: request.allowEmpty === true,
    });

  const only = splitPatterns(request.only ?? []);
  const skip = splitPatterns(request.skip ?? []);
  const wanted = only.length === 0 ? undefined : withNeeds(select("--only", only), registry);
  const skipped = select("--skip", skip);
  const chosen = from.filter((definition) => wanted?.has(definition.id) !== false);
  if (chosen.length === 0 && request.allowEmpty !== true) {
    throw new MahavishnuError("USAGE", "the selection leaves nothing to ask", {
      fix: "Select something, or give --allow-empty.",
    });
  }
  const checks = chosen.map((definition): PlannedCheck => {
    const reason = skipped.has(definition.id) ? "left out by --skip" : readOnlyReason(definition, request);
    return {
      definition,
      mode: live && request.readOnly !== true ? "live" : "static",
      gates: gatesFor(definition, gates),
      ...(reason === undefined ? {} : { skip: reason }),
    };
  });
  const counted = new Set(checks.flatMap((check) => check.gates));
  const ids = new Set(chosen.map((definition) => definition.id));
  return {
    command,
    profile,
    gates,
    checks,
    notAsked: live ? [] : listLiveOnly(from, registry),
    emptyGates: new Set(gates.filter((gate) => wanted !== undefined && !counted.has(gate))),
    selection: { only, skip, leftOut: from.map(({ id }) => id).filter((id) => !ids.has(id)) },
  };
}

/** The picked ids with everything that they need or roll up. */
function withNeeds(ids: ReadonlySet<string>, registry: Registry): ReadonlySet<string> {
  const all = new Set<string>();
  const add = (id: string): void => {
    const definition = registry.byId.get(id);
    if (definition === undefined || all.has(id)) return;
    all.add(id);
    for (const needed of definition.dependsOn ?? []) add(needed);
    if (definition.kind !== "benchmark") for (const member of definition.rollUpOf ?? []) add(member);
  };
  for (const id of ids) add(id);
  return all;
}

function readOnlyReason(definition: Definition, request: PlanRequest): string | undefined {
  if (request.readOnly !== true) return undefined;
  const acts = definition.kind === "benchmark" || !isStatic(definition);
  return acts ? `it acts, and ${request.readOnlyBecause ?? "--read-only forbids that"}` : undefined;
}

function listLiveOnly(from: readonly Definition[], registry: Registry): SuitePlan["notAsked"] {
  const asked = new Set(from.map((definition) => definition.id));
  return registry.definitions
    .filter(
      (definition) =>
        definition.kind === "check" && configHeadings.has(definition.category) && !asked.has(definition.id),
    )
    .map(({ id }) => ({ id, reason: "live only: add --all" }));
}
