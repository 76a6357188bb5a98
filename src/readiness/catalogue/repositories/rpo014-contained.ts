import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, lookFor } from "./inspect-fleet.ts";

/** No path leads out. */
export const rpo014: CheckDefinition = {
  id: "RPO014",
  title: "the paths of the repositories stay inside",
  kind: "check",
  category: "repositories",
  severity: "error",
  security: true,
  verifies: "With all symbolic links resolved, each repository and its git folder lie below the allowed folders.",
  how: { static: "resolves every path and link, and compares it with the allowed folders" },
  advice: {
    text: "Move the repository below the fleet's root, or allow its folder in paths.allowedRoots.",
    command: "mahavishnu repos check",
  },
  dependsOn: [...needsConfig, "RPO005"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: lookFor(["outside", "gitFolderOutside"], () => "it lies below the allowed folders"),
};
