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
    "A workflow of three steps, started as a user starts it, does its work in a worktree of a repository and gives back what it was given.",
  how: {
    live: "sends a nonce through a run of three steps in scratch space, looks for it at the other end, and lets another process read the run",
  },
  advice: {
    text: "See why the run of the named step fails; runs of your own will fail as well.",
    command: "mahavishnu adapters health",
  },
  dependsOn: needsConfig,
  timeoutMs: 30_000,
  expectedMs: 2_000,
  live: async (context) => await (await import("./wfx001-live.ts")).runBasicWorkflow(context),
};
