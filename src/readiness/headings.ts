import type { Category, Group } from "./types.ts";

/** The headings of a report, in order: the six of the guide, the tests and the benchmarks. */
export const headings: Readonly<Record<Category, string>> = {
  configuration: "Configuration validity",
  adapters: "Adapter health",
  repositories: "Repository accessibility",
  workflow: "Workflow execution",
  limits: "Resource limits",
  security: "Security settings",
  integrationTests: "Integration tests",
  benchmarks: "Benchmarks",
};

/** The categories in the order of their headings. */
export const categories: readonly Category[] = [
  "configuration",
  "adapters",
  "repositories",
  "workflow",
  "limits",
  "security",
  "integrationTests",
  "benchmarks",
];

/** The five groups of the integration tests and the four of the benchmarks. */
export const groupTitles: Readonly<Record<Group, string>> = {
  basicWorkflow: "Basic workflow",
  rbac: "RBAC",
  state: "State",
  observability: "Observability",
  crossComponent: "Cross-component",
  workflowSpeed: "Workflow speed",
  concurrency: "Concurrency",
  repositories: "Repository operations",
  throughput: "Throughput",
};
