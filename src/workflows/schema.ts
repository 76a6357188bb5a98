import * as z from "zod";
import { durationForms, formatDuration, parseDuration } from "../lib/duration.ts";
import { InputSchemaFile } from "./input-schema.ts";

/** The longest time limit: timers of the machine cannot count further than 24 days. */
const maxDurationMs = 24 * 86_400_000;

const Duration = z
  .string({ error: `must be a duration such as ${durationForms}` })
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, `must be a duration such as ${durationForms}`)
  .transform((text, context) => {
    const ms = parseDuration(text) ?? 0;
    if (ms >= 1 && ms <= maxDurationMs) return ms;
    context.addIssue({ code: "custom", message: `must be between 1ms and ${formatDuration(maxDurationMs)}` });
    return z.NEVER;
  });

const Percentage = z
  .string({ error: "must be a percentage such as 20%" })
  .regex(/^(?:100|\d{1,2}(?:\.\d+)?)%$/, "must be a percentage such as 20%")
  .transform((text) => Number(text.slice(0, -1)) / 100);

/** Names of jobs, steps, inputs and outputs: what an expression can name after a dot. */
const identifier = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
const Identifier = z.string().regex(identifier, "names are letters, digits, _ and -, and begin with a letter or _");

const EnvName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "names of variables are letters, digits and _, and begin with no digit")
  .refine((name) => !name.startsWith("MAHAVISHNU_"), "names that begin with MAHAVISHNU_ are reserved");

const Text = z.string({ error: ({ input }) => `must be text: write it in quotes, ${quote(input)}` });

function quote(input: unknown): string {
  return typeof input === "number" || typeof input === "boolean" ? `"${input}"` : '"like this"';
}

const Env = z.record(EnvName, Text);
const Outputs = z.record(Identifier, Text);

const Condition = z.union([z.string().min(1), z.boolean()], { error: "must be an expression, true or false" });

const attempts = z.int().min(1).max(100);

const RetryMap = z.strictObject({
  attempts: attempts.optional().describe("Attempts in all, the first included."),
  backoff: z.enum(["exponential", "fixed"]).optional().describe("How the wait between attempts grows."),
  first: Duration.optional().describe("Wait before the second attempt."),
  max: Duration.optional().describe("Longest wait between two attempts."),
  when: z
    .array(z.enum(["exit", "timeout", "infrastructure"]))
    .min(1)
    .optional()
    .describe(
      "Which failures are tried again: the command said no, time ran out, or the machine or network failed. All, if left out.",
    ),
});

const Retry = z.union([attempts, RetryMap], { error: "must be a number of attempts from 1 to 100, or a map" });

const Command = z.union([z.string().min(1), z.array(z.string()).min(1)], {
  error: "must be a script, or a list of words that is started without a shell",
});

/** One step of a job or of `finally`. */
export const StepFile = z.strictObject({
  id: Identifier.optional().describe("Name for expressions and logs; `step1`, `step2`… by position if left out."),
  name: z.string().min(1).optional().describe("What people see instead of the id."),
  run: Command.optional().describe("A script for the shell, or a list of words that is started without one."),
  shell: z.enum(["sh", "bash"]).optional().describe("The shell of a script; `sh` if left out."),
  workingDirectory: z.string().min(1).optional().describe("Folder to start in, relative to the checkout."),
  uses: z.string().min(1).optional().describe("An action, such as `git/commit`."),
  with: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("What the action is given; texts may hold expressions at any depth."),
  env: Env.default({}).describe("Variables of the step's processes, over those of the job."),
  if: Condition.optional().describe("Condition; without a status function it is read as `success() && (…)`."),
  timeout: Duration.optional().describe("Time limit of one attempt."),
  retry: Retry.optional().describe("When a failed attempt is tried again; the job's rule if left out."),
  continueOnError: z.boolean().default(false).describe("Whether the target goes on when the step fails."),
  outputs: Outputs.default({}).describe("Further outputs, evaluated when the step has succeeded."),
});

/** How a job fans out over repositories. */
export const SweepFile = z.strictObject({
  select: z.string().min(1).optional().describe("Selector; all repositories if left out."),
  order: z
    .enum(["needs", "manifest", "none"])
    .default("needs")
    .describe(
      "`needs`: a repository comes after those that it needs; `manifest`: in the order of the manifest, nobody waits; `none`: in any order.",
    ),
  maxParallel: z
    .int()
    .min(1)
    .optional()
    .describe("Targets at once; `limits.maxConcurrentSteps` of the configuration if left out."),
  onFailure: z
    .strictObject({
      mode: z
        .enum(["continue", "stop"])
        .default("continue")
        .describe("Whether further targets start after one has failed."),
      abortAbove: Percentage.optional().describe(
        "Share of failed targets above which no further one starts, such as 20%.",
      ),
    })
    .default({ mode: "continue" })
    .describe("What a failed target means for the others."),
  allowEmpty: z.boolean().default(false).describe("Whether it is fine that no repository is selected."),
});

/** One job. */
export const JobFile = z.strictObject({
  needs: z
    .union([Identifier, z.array(Identifier)], { error: "must be the name of a job or a list of them" })
    .default([])
    .describe("Jobs that come first."),
  if: Condition.optional().describe("Condition of each target, evaluated before it starts."),
  sweep: SweepFile.optional().describe(
    "Runs the job once on each selected repository; once and without a repository if left out.",
  ),
  checkout: z
    .enum(["worktree", "inPlace"])
    .optional()
    .describe("`worktree` (if left out): a fresh git worktree; `inPlace`: the repository's own folder."),
  timeout: Duration.optional().describe(
    "Time limit of one target; that of the role or of `limits.timeout` if left out.",
  ),
  retry: Retry.optional().describe("The rule of those steps that have none of their own."),
  env: Env.default({}).describe("Variables of every step."),
  steps: z.array(StepFile).min(1).describe("What is done, one after the other."),
  outputs: Outputs.default({}).describe(
    "Values for the jobs that need this one, evaluated when the target has succeeded.",
  ),
  optional: z.boolean().default(false).describe("Whether the run may succeed although this job fails."),
});

/** The file of a workflow, as written. */
export const WorkflowFile = z.strictObject({
  version: z.literal(1).describe("Version of the format: 1."),
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      "names are letters, digits, dot, _ and -, and begin with a letter or digit",
    )
    .describe("Name for commands; unique in the workspace, whatever the file is called."),
  description: z.string().optional().describe("What the workflow does, in a sentence."),
  on: z
    .strictObject({ manual: z.strictObject({}).nullish().describe("`mahavishnu run NAME`. Nothing can be set.") })
    .optional()
    .describe("What starts it. Only `manual` is built, and holds if this is left out."),
  inputs: z.record(Identifier, InputSchemaFile).default({}).describe("What a run is given: JSON Schema by name."),
  jobs: z.record(Identifier, JobFile).describe("The jobs by name."),
  finally: z
    .array(StepFile)
    .default([])
    .describe("Steps that run once at the end, whatever the outcome, without a repository."),
});

/** The checked content of a workflow's file. */
export type WorkflowFile = z.output<typeof WorkflowFile>;
/** The checked content of one job. */
export type JobFile = z.output<typeof JobFile>;
/** The checked content of one step. */
export type StepFile = z.output<typeof StepFile>;
