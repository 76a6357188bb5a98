import { count } from "../../lib/count.ts";
import { finallyKey, jobOf, type Plan, type PlannedTarget } from "../../engine/plan.ts";
import { formatDuration } from "../../lib/duration.ts";
import { type Line, renderLine, span } from "./line.ts";
import type { Look } from "./look.ts";
import { labelOf } from "./run-words.ts";
import { renderTable } from "./table.ts";

/** What a run would do: its inputs, each job with its targets in order, and what each waits for. */
export function renderPlan(plan: Plan, look: Look): string[] {
  const { workflow } = plan;
  const repositories = Object.keys(plan.repositories).length;
  const scope = `${count(repositories, "repository", "repositories")}, ${count(plan.targets.length, "target", "targets")}`;
  const jobs = Map.groupBy(plan.targets, ({ job }) => job);
  return [
    renderLine([span("strong", workflow.name), "  revision ", workflow.revision, "  ", scope], look),
    ...Object.entries(plan.inputs).map(([name, value]) =>
      renderLine([span("faint", "  input   "), `${name} = ${JSON.stringify(value)}`], look),
    ),
    ...[...jobs].flatMap(([job, targets]) => ["", ...renderJob(plan, job, targets, look)]),
    "",
    renderLine([`at most ${formatDuration(plan.runTimeoutMs)} in all; nothing was run`], look),
  ];
}

function renderJob(plan: Plan, id: string, targets: readonly PlannedTarget[], look: Look): string[] {
  const job = jobOf(plan, id);
  const facts = [
    ...(job.sweep === undefined
      ? [id === finallyKey ? "once, at the end" : "once"]
      : [count(targets.length, "repository", "repositories"), `order: ${job.sweep.order}`]),
    ...(job.sweep?.maxParallel === undefined ? [] : [`${job.sweep.maxParallel} at a time`]),
    ...(job.sweep === undefined ? [] : [job.checkout === "worktree" ? "each in its own worktree" : "in place"]),
    ...(job.needs.length === 0 ? [] : [`after ${job.needs.join(", ")}`]),
  ];
  const steps = job.steps.map(({ id: step }) => step).join(", ");
  const head = renderLine([span("strong", id), `  ${facts.join(", ")}`], look);
  return [head, renderLine([span("faint", "  steps   "), steps], look), ...renderTargets(plan, targets, look)];
}

function renderTargets(plan: Plan, targets: readonly PlannedTarget[], look: Look): string[] {
  const byKey = new Map(plan.targets.map((target) => [target.key, target] as const));
  const rows = targets.map((target): Line[] => {
    const base = target.repository === null ? null : (plan.repositories[target.repository]?.base ?? null);
    return [
      [labelOf(target)],
      [span("faint", base === null ? "" : base.slice(0, 8))],
      [span("faint", `${formatDuration(target.timeoutMs)} at most`)],
      waitsOf(byKey, target),
    ];
  });
  return renderTable({ indent: 2, columns: [{}, {}, {}, {}], rows }, look);
}

/** What a target waits for, told by names of repositories where that is clear. */
function waitsOf(byKey: ReadonlyMap<string, PlannedTarget>, target: PlannedTarget): Line {
  const names = target.after.map(({ target: key }) => {
    const other = byKey.get(key);
    return other === undefined || other.job !== target.job ? key : labelOf(other);
  });
  const unique = [...new Set(names)];
  // The end waits for everything; a list of all would say nothing.
  if (unique.length > 6) return [span("faint", `after ${unique.slice(0, 5).join(", ")} and ${unique.length - 5} more`)];
  return unique.length === 0 ? [] : [span("faint", `after ${unique.join(", ")}`)];
}
