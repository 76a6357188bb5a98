import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, lookFor } from "./inspect-fleet.ts";

/** Nobody is in the middle of something. */
export const rpo008: CheckDefinition = {
  id: "RPO008",
  title: "no repository is in the middle of an operation",
  kind: "check",
  category: "repositories",
  severity: "warning",
  verifies: "No merge, rebase, cherry-pick, revert or bisect was begun and not ended, and HEAD is on a branch.",
  how: {
    static: "reads the state of operations and HEAD from git's files",
    live: "asks git for the state of the working tree",
  },
  advice: { text: "End the operation, or go back to a branch.", command: "mahavishnu repos check" },
  dependsOn: [...needsConfig, "RPO005", "RPO001", "RPO003"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: lookFor(["operation", "detached"], () => "no operation is half done, and HEAD is on a branch"),
  live: async (context, target) => (await import("./ask-git.ts")).askForChanges(context, target),
};
