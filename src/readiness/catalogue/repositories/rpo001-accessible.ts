import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, lookFor } from "./inspect-fleet.ts";

/** Each repository is there and can be opened. */
export const rpo001: CheckDefinition = {
  id: "RPO001",
  title: "each repository is accessible",
  kind: "check",
  category: "repositories",
  severity: "critical",
  verifies: "The path of each configured repository exists, answers, and may be read by the user that runs this.",
  how: {
    static: "opens the folder and its git folder, without a git process",
    live: "asks git for the state of the working tree, and, for a repository with a url, its remote for HEAD, without a prompt",
  },
  advice: { text: "Clone the repository, or correct its path in the manifest.", command: "mahavishnu repos check" },
  dependsOn: [...needsConfig, "RPO005"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: lookFor(
    ["missing", "denied", "notAFolder", "noAnswer"],
    ({ repository }) => `${repository.path} can be opened`,
  ),
  live: async (context, target) => (await import("./ask-git.ts")).reachRepository(context, target),
};
