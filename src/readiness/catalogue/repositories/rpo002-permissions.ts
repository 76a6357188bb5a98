import { accessSync, constants } from "node:fs";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, inspectRepository } from "./inspect-fleet.ts";

/** Runs may do in each repository what they have to. */
export const rpo002: CheckDefinition = {
  id: "RPO002",
  title: "each repository grants the rights that runs need",
  kind: "check",
  category: "repositories",
  severity: "error",
  verifies:
    "The working tree and the git folder can be written, so that a run can make worktrees, branches and commits.",
  how: {
    static: "asks the operating system for the right to write, as the user that runs this",
    live: "makes a worktree without files and a ref below refs/mahavishnu/, and removes both; --read-only forbids it",
  },
  advice: { text: "Give the user that runs this the right to write.", command: "mahavishnu repos check" },
  dependsOn: [...needsConfig, "RPO005", "RPO001"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: async (context, target) => {
    const { tree } = await inspectRepository(context, target);
    if (tree === undefined) return { status: "notApplicable", reason: "it is no working tree: see RPO003" };
    const folders = [...new Set([tree.realPath, tree.gitDir, tree.commonDir])];
    const denied = folders.filter((folder) => !canWrite(folder));
    if (denied.length === 0) return { status: "pass", reason: "the working tree and its git folder can be written" };
    return {
      status: "fail",
      reason: `${denied.join(", ")} cannot be written`,
      remediation: { command: `chown -R "$(id -un)" ${denied.join(" ")}` },
    };
  },
  live: async (context, target) => await (await import("./try-repository.ts")).tryRepository(context, target),
};

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
