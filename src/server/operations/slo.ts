import * as shapes from "../../app/shapes/slo.ts";
import { listObjectives } from "../../app/use-cases/slo.ts";
import { type Operation, operation } from "./operation.ts";

/** What is promised, and how it stands. */
export const sloOperations: readonly Operation[] = [
  operation("slo", {
    useCase: listObjectives,
    method: "GET",
    path: "/v1/slo",
    summary: "Lists objectives, and how fast their error budgets are spent",
    input: shapes.listObjectivesInput,
    output: shapes.objectiveList,
  }),
];
