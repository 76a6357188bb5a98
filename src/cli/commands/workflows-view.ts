import type { WorkflowItem } from "../../app/describe-workflow.ts";
import type { WorkflowList, WorkflowValidation } from "../../app/use-cases/workflows.ts";
import { count } from "../../lib/count.ts";
import { renderDiagnostics } from "../../lib/diagnostics.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { InputSchema, Job, Step, Workflow } from "../../workflows/types.ts";
import { escapeControlLines } from "../terminal/escape-control.ts";
import { type Line, renderLine, span } from "../terminal/line.ts";
import type { Look } from "../terminal/look.ts";
import { renderTable } from "../terminal/table.ts";
import type { View } from "./config-view.ts";

/** `workflows list`: every workflow with what it asks for; files that are not valid come last, with their first problem. */
export function viewWorkflowList(
  list: WorkflowList,
  look: Look,
): View & { readonly items: readonly object[]; readonly isValid: boolean } {
  const { items } = list;
  return { isValid: items.every(({ valid }) => valid), items, text: renderList(items, look), json: list };
}

/** `workflows show NAME`: inputs, jobs and steps. */
export function viewWorkflow(workflow: Workflow, look: Look): View {
  const { name, revision, description, inputs, jobs } = workflow;
  const rows = Object.entries(inputs).map(([input, schema]): Line[] => [
    [input],
    [typeOf(schema)],
    [defaultOf(schema)],
    [span("faint", textOf(schema["description"]))],
  ]);
  return {
    json: workflow,
    text: [
      renderLine([span("strong", name), "  revision ", revision], look),
      ...(description === undefined ? [] : [renderLine([`  ${description}`], look)]),
      ...(rows.length === 0 ? [] : ["", renderLine([span("strong", "inputs")], look)]),
      ...renderTable({ indent: 2, columns: [{}, {}, {}, {}], rows }, look),
      ...jobs.flatMap((job) => ["", ...renderJob(job, look)]),
      ...(workflow.finally.length === 0
        ? []
        : ["", renderLine([span("strong", "finally"), "  once, whatever the outcome"], look)]),
      ...renderSteps(workflow.finally, look),
    ],
  };
}

/** `workflows validate`: every wrong place of every file, and how many files are valid. */
export function viewWorkflowValidation(validation: WorkflowValidation): View & { readonly isValid: boolean } {
  const { valid: isValid, files } = validation;
  const broken = files.filter(({ valid }) => !valid);
  const problems = broken.flatMap((entry) => [
    ...escapeControlLines(renderDiagnostics(entry.problems)).split("\n"),
    "",
  ]);
  const last =
    files.length === 0
      ? "there is no workflow to check"
      : `${files.length - broken.length} of ${count(files.length, "file is valid", "files are valid")}`;
  return { isValid, text: [...problems, last], json: validation };
}

function renderList(items: readonly WorkflowItem[], look: Look): string[] {
  const rows = items.flatMap((item): Line[][] => {
    if (!item.valid) return [];
    const { name, description, inputs, jobs } = item;
    const asks = Object.entries(inputs).map(([input, schema]) =>
      schema["default"] === undefined ? `${input}=?` : `${input}=${defaultOf(schema)}`,
    );
    return [
      [
        [span("strong", name)],
        [jobs.map(({ id }) => id).join(" ")],
        [asks.join(" ")],
        [span("faint", description ?? "")],
      ],
    ];
  });
  const headings = ["name", "jobs", "inputs", "description"].map((heading) => ({ heading, whole: heading === "name" }));
  const broken = items.flatMap((item): Line[] => {
    if (item.valid) return [];
    const [first, ...others] = item.problems;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return [
      [
        span("bad", "  not valid  "),
        `${item.file}:${first?.line ?? 1}:${first?.column ?? 1}  ${first?.message ?? ""}${more}`,
      ],
    ];
  });
  if (items.length === 0) return ["no workflows"];
  return [
    ...(rows.length === 0 ? [] : renderTable({ columns: headings, rows }, look)),
    ...(rows.length === 0 || broken.length === 0 ? [] : [""]),
    ...broken.map((line) => renderLine(line, look)),
    ...(broken.length === 0
      ? []
      : [renderLine([span("faint", "  see        "), "mahavishnu workflows validate"], look)]),
  ];
}

function renderJob(job: Job, look: Look): string[] {
  const { sweep } = job;
  const facts = [
    ...(sweep === undefined ? ["once"] : [sweep.select ?? "all repositories", `order: ${sweep.order}`]),
    ...(sweep?.maxParallel === undefined ? [] : [`${sweep.maxParallel} at a time`]),
    ...(sweep?.onFailure.mode === "stop" ? ["stops at the first failure"] : []),
    ...(sweep?.onFailure.abortAbove === undefined
      ? []
      : [`stops above ${Math.round(sweep.onFailure.abortAbove * 100)} % failed`]),
    ...(sweep === undefined ? [] : [job.checkout === "worktree" ? "each in its own worktree" : "in place"]),
    ...(job.timeoutMs === undefined ? [] : [`${formatDuration(job.timeoutMs)} at most`]),
    ...(job.needs.length === 0 ? [] : [`after ${job.needs.join(", ")}`]),
    ...(job.optional ? ["optional"] : []),
  ];
  return [
    renderLine([span("strong", job.id), `  ${facts.join(", ")}`], look),
    ...(job.if === undefined ? [] : [renderLine([span("faint", `  if ${job.if}`)], look)]),
    ...renderSteps(job.steps, look),
  ];
}

function renderSteps(steps: readonly Step[], look: Look): string[] {
  const rows = steps.map((step): Line[] => [
    [step.id],
    [describeAction(step)],
    [span("faint", step.if === undefined ? "" : `if ${step.if}`)],
  ]);
  return renderTable({ indent: 2, columns: [{}, {}, {}], rows }, look);
}

function describeAction({ name, action }: Step): string {
  if (name !== undefined) return name;
  if (action.kind === "uses") return action.uses;
  return typeof action.command === "string" ? action.command.trim() : action.command.join(" ");
}

function typeOf(schema: InputSchema): string {
  const members = schema["enum"];
  return Array.isArray(members) ? members.map(textOf).join(" | ") : textOf(schema["type"]);
}

function defaultOf(schema: InputSchema): string {
  return schema["default"] === undefined ? "required" : JSON.stringify(schema["default"]);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
