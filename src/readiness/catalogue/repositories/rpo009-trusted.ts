import { statSync } from "node:fs";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, inspectRepository } from "./inspect-fleet.ts";

/** Git works in each repository as the user that runs this. */
export const rpo009: CheckDefinition = {
  id: "RPO009",
  title: "git trusts the owner of each repository",
  kind: "check",
  category: "repositories",
  severity: "error",
  verifies: "Git does not refuse a repository because another user owns it.",
  how: {
    static: "compares the owner of the folders with the user that runs this, and asks git where they differ",
    live: "runs git as the user that runs this",
  },
  advice: { text: "Run as the owner, or trust the folder.", command: "git config --global --add safe.directory PATH" },
  dependsOn: [...needsConfig, "RPO005", "RPO001"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: async (context, target) => {
    const { tree } = await inspectRepository(context, target);
    if (tree === undefined) return { status: "notApplicable", reason: "it is no working tree: see RPO003" };
    const uid = process.getuid?.();
    const owners = [...new Set([tree.realPath, tree.gitDir])].map((folder) => statSync(folder).uid);
    if (owners.every((owner) => owner === uid))
      return { status: "pass", reason: "it belongs to the user that runs this" };
    return await (await import("./ask-git.ts")).askForTrust(context, target);
  },
  live: async (context, target) => (await import("./ask-git.ts")).askForTrust(context, target),
};
