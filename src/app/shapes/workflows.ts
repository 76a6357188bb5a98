/** Shapes of what is asked and told about workflows. No command loads them: see `src/cli/json-schemas.ts`. */
import * as z from "zod";
import { diagnostic, folderPath, workflowName } from "./texts.ts";

const texts = z.record(z.string(), z.string());
/** JSON Schemas of inputs, by name. */
const inputSchemas = z.record(z.string(), z.record(z.string(), z.json()));
const milliseconds = z.int().min(1);

const retryRule = z.strictObject({
  attempts: z.int().min(1).exactOptional(),
  backoff: z.enum(["exponential", "fixed"]).exactOptional(),
  firstMs: z.int().min(0).exactOptional(),
  maxMs: z.int().min(0).exactOptional(),
  when: z.array(z.enum(["exit", "timeout", "infrastructure"])).exactOptional(),
});

const action = z.union([
  z.strictObject({
    kind: z.literal("run"),
    command: z.union([z.string(), z.array(z.string())]),
    shell: z.enum(["sh", "bash"]),
    workingDirectory: z.string().exactOptional(),
  }),
  z.strictObject({ kind: z.literal("uses"), uses: z.string(), with: z.record(z.string(), z.unknown()) }),
]);

const step = z.strictObject({
  id: z.string(),
  name: z.string().exactOptional(),
  action,
  if: z.string().exactOptional(),
  env: texts,
  timeoutMs: milliseconds.exactOptional(),
  retry: retryRule.exactOptional(),
  continueOnError: z.boolean(),
  outputs: texts,
  secrets: z.array(z.string()),
});

const job = z.strictObject({
  id: z.string(),
  needs: z.array(z.string()),
  if: z.string().exactOptional(),
  sweep: z
    .strictObject({
      select: z.string().exactOptional(),
      order: z.enum(["needs", "manifest", "none"]),
      maxParallel: z.int().min(1).exactOptional(),
      onFailure: z.strictObject({
        mode: z.enum(["continue", "stop"]),
        abortAbove: z.number().min(0).max(1).exactOptional(),
      }),
      allowEmpty: z.boolean(),
    })
    .exactOptional(),
  checkout: z.enum(["worktree", "inPlace"]),
  timeoutMs: milliseconds.exactOptional(),
  retry: retryRule.exactOptional(),
  env: texts,
  steps: z.array(step),
  outputs: texts,
  optional: z.boolean(),
});

/** A whole workflow, as it is shown and as a plan pins it. */
export const workflow = z.strictObject({
  name: z.string(),
  description: z.string().exactOptional(),
  inputs: z.record(z.string(), z.record(z.string(), z.unknown())),
  jobs: z.array(job),
  finally: z.array(step),
  revision: z.string(),
});

/** One file of the folder. */
export const workflowFile = z.union([
  z.strictObject({
    name: z.string(),
    file: z.string(),
    valid: z.literal(true),
    description: z.string().nullable(),
    revision: z.string(),
    inputs: inputSchemas,
    jobs: z.array(
      z.strictObject({
        id: z.string(),
        needs: z.array(z.string()),
        sweeps: z.boolean(),
        steps: z.array(z.string()),
      }),
    ),
  }),
  z.strictObject({
    name: z.string().nullable(),
    file: z.string(),
    valid: z.literal(false),
    problems: z.array(diagnostic),
  }),
]);

export const workflowList = z.strictObject({ items: z.array(workflowFile), nextCursor: z.null() });

export const workflowValidation = z.strictObject({
  valid: z.boolean(),
  files: z.array(
    z.strictObject({
      file: z.string(),
      name: z.string().nullable(),
      valid: z.boolean(),
      problems: z.array(diagnostic),
    }),
  ),
});

export const listWorkflowsInput = z.strictObject({});
export const showWorkflowInput = z.strictObject({ name: workflowName });

/** A file as whoever asks has read it. The limit of a text is that of a workflow's file. */
const givenFile = z.union([
  z.strictObject({ file: folderPath, text: z.string().max(1_048_576) }),
  z.strictObject({ file: folderPath, unreadable: z.string().max(1000) }),
]);
export const validateWorkflowsInput = z.strictObject({ files: z.array(givenFile).max(1000).exactOptional() });
