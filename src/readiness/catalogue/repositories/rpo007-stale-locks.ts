import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, lookFor } from "./inspect-fleet.ts";

/** No dead process keeps a repository locked. */
export const rpo007: CheckDefinition = {
  id: "RPO007",
  title: "no repository holds a stale lock",
  kind: "check",
  category: "repositories",
  severity: "warning",
  verifies:
    "No lock file of git is older than ten minutes: git itself never takes so long, and every command that writes would fail.",
  how: { static: "looks for lock files in the git folder and below its refs" },
  advice: { text: "When no git process works there, remove the lock file.", command: "mahavishnu repos check" },
  dependsOn: [...needsConfig, "RPO005", "RPO001"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: lookFor(["staleLock"], () => "no lock is older than 10 minutes"),
};
