import { type Definition, severityUnder } from "./definition.ts";
import type { PlannedCheck, SuitePlan } from "./suite-plan.ts";
import type { Category, GateName, Probe, Severity } from "./types.ts";

/** What a plan says about one question. */
export interface PlanItem {
  readonly id: string;
  readonly title: string;
  readonly kind: Definition["kind"];
  readonly category: Category;
  readonly severity: Severity;
  readonly mustPass: boolean;
  readonly gates: readonly GateName[];
  /** Null when it is not asked. */
  readonly mode: Probe | null;
  /** Why it is not asked. */
  readonly skip: string | null;
  /** Milliseconds that it takes about; null when nobody knows, which is next to nothing. */
  readonly expectedMs: number | null;
  readonly dependsOn: readonly string[];
}

/** What `--list` and `--plan` print. */
export interface PlanView {
  readonly items: readonly PlanItem[];
  readonly nextCursor: null;
  /** Checks of the command's headings that this command cannot ask, each with the reason. */
  readonly notAsked: readonly { readonly id: string; readonly reason: string }[];
}

/** Tells a plan as a document. */
export function describePlan(plan: SuitePlan): PlanView {
  return {
    items: plan.checks.map((check) => describe(check, plan)),
    nextCursor: null,
    notAsked: plan.notAsked.map(({ id, reason }) => ({ id, reason })),
  };
}

function describe({ definition, mode, gates, skip }: PlannedCheck, { profile }: SuitePlan): PlanItem {
  const rolled = definition.kind !== "benchmark" && definition.rollUpOf !== undefined;
  const acts = mode === "live" && (definition.kind === "benchmark" || definition.live !== undefined);
  return {
    id: definition.id,
    title: definition.title,
    kind: definition.kind,
    category: definition.category,
    severity: severityUnder(definition, profile),
    mustPass: definition.kind === "test" && definition.mustPass === true,
    gates,
    mode: skip === undefined && !rolled ? (acts ? "live" : "static") : null,
    skip: skip ?? null,
    expectedMs: definition.expectedMs ?? null,
    dependsOn: definition.dependsOn ?? [],
  };
}
