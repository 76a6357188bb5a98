import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** A basic workflow runs. */
export const wfx001: CheckDefinition = {
  id: "WFX001",
  title: "a basic workflow runs",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies:
    "The workflows of the workspace can be read and are valid. A workflow of three steps, started as a user starts it, does its work in a worktree of a repository and gives back what it was given.",
  how: {
    static: "loads every file of the workflows' folder, as `workflows validate` does",
    live: "sends a nonce through a run of three steps in scratch space, looks for it at the other end, and lets another process read the run",
  },
  advice: {
    text: "See why the run of the named step fails; runs of your own will fail as well.",
    command: "mahavishnu adapters health",
  },
  dependsOn: needsConfig,
  timeoutMs: 30_000,
  expectedMs: 2_000,
  static: async (context) => await (await import("./judge-workflows.ts")).judgeWorkflows(context),
  live: async (context) => await (await import("./wfx001-live.ts")).runBasicWorkflow(context),
};
