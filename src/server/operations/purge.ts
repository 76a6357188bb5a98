import * as shapes from "../../app/shapes/purge.ts";
import { startedRun } from "../../app/shapes/runs.ts";
import { previewPurge, startPurge } from "../../app/use-cases/purge.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "runs";

/** Forgetting what is old. */
export const purgeOperations: readonly Operation[] = [
  operation(tag, {
    useCase: startPurge,
    method: "POST",
    path: "/v1/purges",
    summary: "Starts a run that forgets what is older than retention says",
    input: shapes.purgeInput,
    output: startedRun,
    status: 202,
    location: ({ runId }) => `/v1/runs/${runId}`,
    tell: ({ runId, created, servers }) => ({ runId, created, servers }),
  }),
  operation(tag, {
    useCase: previewPurge,
    method: "POST",
    path: "/v1/purges/preview",
    summary: "Says what a purge would forget now, and changes nothing",
    input: shapes.purgeInput,
    output: shapes.purgePreview,
  }),
];
