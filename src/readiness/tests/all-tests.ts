import type { CheckDefinition } from "../definition.ts";
import { basicWorkflowTests } from "./basic-workflow/basic-workflow-tests.ts";
import { crossComponentTests } from "./cross-component/cross-component-tests.ts";
import { observabilityTests } from "./observability/observability-tests.ts";
import { rbacTests } from "./rbac/rbac-tests.ts";
import { stateTests } from "./state/state-tests.ts";

/** Every integration test, in the order of the report. */
export const tests: readonly CheckDefinition[] = [
  ...basicWorkflowTests,
  ...rbacTests,
  ...stateTests,
  ...observabilityTests,
  ...crossComponentTests,
];
