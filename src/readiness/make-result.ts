import { docsOf, severityUnder } from "./definition.ts";
import type { PlannedCheck } from "./suite-plan.ts";
import {
  isRequired,
  type Outcome,
  type Probe,
  type Profile,
  type Remediation,
  type Result,
  type Target,
} from "./types.ts";

/** What is the same for every answer to one question on one target. */
export interface ResultFrame {
  readonly planned: PlannedCheck;
  readonly profile: Profile;
  readonly target: Target | null;
  /** An optional repository never makes more than a warning. */
  readonly optional: boolean;
}

/** What an answer adds to the frame. */
export type Answer = Pick<Result, "status" | "reason"> & Partial<Result> & { goOn?: boolean };

/** The definition's advice as a result carries it. */
export function remediationOf(planned: PlannedCheck, better: Partial<Remediation> = {}): Remediation {
  const { advice, id } = planned.definition;
  return {
    text: advice.text,
    command: advice.command ?? null,
    docs: docsOf(id),
    fixable: advice.fixable ?? false,
    ...better,
  };
}

/** A whole result from its frame and its answer. Whatever is not a yes carries advice. */
export function makeResult(frame: ResultFrame, answer: Answer): Result {
  const { planned, profile, target } = frame;
  const { definition } = planned;
  const severity = frame.optional ? "warning" : severityUnder(definition, profile);
  const content = !["pass", "notApplicable", "skipped"].includes(answer.status);
  return {
    id: definition.id,
    title: definition.title,
    kind: definition.kind,
    category: definition.category,
    group: definition.group ?? null,
    gates: planned.gates,
    security: definition.security ?? false,
    severity,
    mustPass: definition.kind === "test" && definition.mustPass === true,
    flaky: false,
    expected: null,
    observed: null,
    evidence: [],
    remediation: content ? remediationOf(planned) : null,
    target,
    probe: null,
    startedAt: null,
    durationMs: 0,
    attempts: 0,
    dependsOn: definition.dependsOn ?? [],
    blockedBy: [],
    rollUpOf: definition.kind === "benchmark" ? [] : (definition.rollUpOf ?? []),
    owner: definition.owner ?? "mahavishnu",
    waiver: null,
    ...withoutGoOn(answer),
  };
}

/** What the runner alone needs is no part of a result. */
function withoutGoOn(answer: Answer): Partial<Result> & Pick<Result, "status" | "reason"> {
  const parts = { ...answer };
  delete parts.goOn;
  return parts;
}

/** The parts of a result that a probe's outcome decides. A no becomes a warning where it is only advice. */
export function answerOf(frame: ResultFrame, outcome: Outcome, probe: Probe): Answer {
  const own = outcome.severity ?? severityUnder(frame.planned.definition, frame.profile);
  const severity = frame.optional ? "warning" : own;
  const status = outcome.status === "fail" && !isRequired(severity) ? "warn" : outcome.status;
  const content = status === "warn" || status === "fail" || status === "inconclusive";
  return {
    status,
    severity,
    reason: outcome.reason,
    expected: outcome.expected ?? null,
    observed: outcome.observed ?? null,
    evidence: outcome.evidence ?? [],
    remediation: content ? remediationOf(frame.planned, outcome.remediation) : null,
    probe,
    ...(outcome.goOn === true ? { goOn: true } : {}),
  };
}
