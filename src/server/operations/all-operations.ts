import type { Operation } from "../operation.ts";
import { runOperations } from "./runs.ts";

/** Every route of the API, one for each use-case. */
export const allOperations: readonly Operation[] = [...runOperations];
