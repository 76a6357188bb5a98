/** Shapes of what is told about plans; what is asked stands in `runs.ts`. No command loads them: see `src/cli/json-schemas.ts`. */
import * as z from "zod";
import { count } from "./texts.ts";
import { workflow } from "./workflows.ts";

const plannedRepository = z.strictObject({
  name: z.string(),
  path: z.string(),
  index: count,
  url: z.string().exactOptional(),
  branch: z.string().exactOptional(),
  role: z.string().exactOptional(),
  tags: z.array(z.string()),
  optional: z.boolean(),
  env: z.record(z.string(), z.string()),
  base: z.string().nullable(),
});

const plannedTarget = z.strictObject({
  key: z.string(),
  job: z.string(),
  repository: z.string().nullable(),
  after: z.array(z.strictObject({ target: z.string(), because: z.enum(["job", "repository", "turn"]) })),
  afterJobs: z.array(z.string()).exactOptional(),
  timeoutMs: count,
});

export const plan = z.strictObject({
  workflow,
  inputs: z.record(z.string(), z.json()),
  repositories: z.record(z.string(), plannedRepository),
  targets: z.array(plannedTarget),
  runTimeoutMs: count,
});
