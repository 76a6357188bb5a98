import { makeResult } from "./make-result.ts";
import type { PlannedCheck } from "./suite-plan.ts";
import { type Profile, type Result, type Severity, statuses } from "./types.ts";

const severities: readonly Severity[] = ["critical", "error", "warning", "info"];

/** The member whose word counts: the worst status, and among equals the greatest severity. */
function worstOf(members: readonly Result[]): Result | undefined {
  return members.toSorted(
    (a, b) =>
      statuses.indexOf(a.status) - statuses.indexOf(b.status) ||
      severities.indexOf(a.severity) - severities.indexOf(b.severity),
  )[0];
}

/**
 * The results of the planned roll-ups, from those of their members after waivers. A roll-up takes the status and the
 * severity of its worst member; in a gate that counts a member it is not counted again.
 */
export function rollUp(
  planned: readonly PlannedCheck[],
  results: readonly Result[],
  profile: Profile,
): readonly Result[] {
  return planned.flatMap((check) => {
    const { definition, skip } = check;
    if (definition.kind === "benchmark" || definition.rollUpOf === undefined) return [];
    const frame = { planned: check, profile, target: null, optional: false };
    if (skip !== undefined) return [makeResult(frame, { status: "skipped", reason: skip })];
    const ids = definition.rollUpOf;
    const members = results.filter((result) => ids.includes(result.id));
    const worst = worstOf(members);
    if (worst === undefined)
      return [makeResult(frame, { status: "notApplicable", reason: "none of its members is asked here" })];
    const counted = new Set(members.flatMap((member) => member.gates));
    const same = members.filter((member) => member.status === worst.status);
    const { status, severity, remediation, probe, waiver, blockedBy } = worst;
    return [
      makeResult(frame, {
        status,
        severity,
        reason: describe(worst, same, members),
        remediation,
        probe,
        waiver,
        blockedBy,
        gates: check.gates.filter((gate) => !counted.has(gate)),
      }),
    ];
  });
}

function describe(worst: Result, same: readonly Result[], members: readonly Result[]): string {
  const ids = [...new Set(same.map((member) => member.id))].join(", ");
  if (worst.status === "pass") return `${ids} pass`;
  if (same.length === members.length && worst.status === "notApplicable") return `${ids}: not applicable`;
  const target = worst.target === null ? "" : ` ${worst.target.name}`;
  const more = same.length > 1 ? ` (and ${same.length - 1} more of ${members.length})` : "";
  return `${worst.id}${target}: ${worst.reason}${more}`;
}
