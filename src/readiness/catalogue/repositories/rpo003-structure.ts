import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckDefinition } from "../../definition.ts";
import type { WorkingTree } from "../../../repositories/working-tree.ts";
import { needsConfig } from "../needs-config.ts";
import { eachRepository, explainFindings, inspectRepository } from "./inspect-fleet.ts";

/** Each repository is what the manifest takes it for. */
export const rpo003: CheckDefinition = {
  id: "RPO003",
  title: "each repository has a sound structure",
  kind: "check",
  category: "repositories",
  severity: "error",
  verifies:
    "Each path is a git repository with a working tree, its HEAD leads to a commit, and the branch that the manifest names exists.",
  how: {
    static: "reads HEAD and the refs from git's files",
    live: "lets git read the commit and the tree that HEAD leads to",
  },
  advice: { text: "Make the missing part, or correct the manifest.", command: "mahavishnu repos check" },
  dependsOn: [...needsConfig, "RPO005", "RPO001"],
  timeoutMs: 60_000,
  targets: eachRepository,
  static: async (context, target) => {
    const { repository, tree, findings } = await inspectRepository(context, target);
    const own = findings.filter(({ code }) => ["notGit", "bare", "broken", "unborn"].includes(code));
    // A repository without a commit is only odd for `repos check`; here nothing could be run on it.
    if (own.length > 0) return { ...explainFindings(own), status: "fail" };
    const { branch } = repository;
    if (tree === undefined || branch === undefined)
      return { status: "pass", reason: "it is a git repository and HEAD leads to a commit" };
    if (hasBranch(tree, branch))
      return { status: "pass", reason: `it is a git repository and has the branch ${branch}` };
    return {
      status: "fail",
      reason: `the branch ${branch} of the manifest exists neither here nor at origin`,
      expected: `refs/heads/${branch}`,
      remediation: {
        text: "Fetch it, or correct `branch` in the manifest:",
        command: `git -C ${repository.path} fetch origin ${branch}`,
      },
    };
  },
  live: async (context, target) => await (await import("./look-inside.ts")).lookInside(context, target),
};

/** Looks among loose and packed refs; where git keeps them in another form, only git knows, and it is not asked here. */
function hasBranch({ commonDir }: WorkingTree, branch: string): boolean {
  const names = [`refs/heads/${branch}`, `refs/remotes/origin/${branch}`];
  if (existsSync(join(commonDir, "reftable"))) return true;
  if (names.some((name) => existsSync(join(commonDir, name)))) return true;
  const packed = readPacked(commonDir);
  return names.some((name) => packed.includes(` ${name}\n`));
}

function readPacked(commonDir: string): string {
  try {
    return `${readFileSync(join(commonDir, "packed-refs"), "utf8")}\n`;
  } catch {
    return "";
  }
}
