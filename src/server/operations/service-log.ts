import * as shapes from "../../app/shapes/service-log.ts";
import { readServiceLog } from "../../app/use-cases/service-log.ts";
import { type Operation, operation } from "./operation.ts";

/** What the processes of this workspace tell of themselves. */
export const serviceLogOperations: readonly Operation[] = [
  operation("logs", {
    useCase: readServiceLog,
    method: "GET",
    path: "/v1/logs",
    summary: "Reads the log of the service, the newest line first",
    input: shapes.readServiceLogInput,
    output: shapes.logLinePage,
  }),
];
