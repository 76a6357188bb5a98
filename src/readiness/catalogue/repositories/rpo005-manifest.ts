import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import { failForUserFile } from "../../summarise-user-file.ts";
import type { Outcome } from "../../types.ts";
import { needsConfig } from "../needs-config.ts";
import { checkPaths } from "./inspect-fleet.ts";

/** The manifest says what it seems to say. */
export const rpo005: CheckDefinition = {
  id: "RPO005",
  title: "the manifest is sound",
  kind: "check",
  category: "repositories",
  severity: "error",
  verifies:
    "The manifest and its imports load: names are unique, roles and needs are known, and needs form no circle. No two repositories share a folder, by name, by link or by nesting.",
  how: { static: "loads the manifest as every other command does, and compares the real paths of all repositories" },
  advice: { text: "Correct the named entry of the manifest.", command: "mahavishnu repos check" },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  static: async (context) => (await judgeManifest(context)) ?? (await judgePaths(context)),
};

/** A manifest that cannot be loaded stands in the way of every question about a repository. */
async function judgeManifest(context: CheckContext): Promise<Outcome | undefined> {
  try {
    await context.fleet();
    return undefined;
  } catch (error) {
    return failForUserFile(error);
  }
}

/** Two entries for one folder are a finding; each repository can be looked at all the same. */
async function judgePaths(context: CheckContext): Promise<Outcome> {
  const fleet = await context.fleet();
  const conflicts = [...(await checkPaths(context, fleet))].flatMap(([name, findings]) =>
    findings
      .filter(({ code }) => ["duplicate", "alias", "nested"].includes(code))
      .map((finding) => ({ ...finding, name })),
  );
  const [first] = conflicts;
  if (first === undefined) {
    return { status: "pass", reason: `${fleet.repositories.length} names, each with a folder of its own` };
  }
  return {
    status: "fail",
    reason: conflicts.map(({ name, message }) => `${name}: ${message}`).join("; "),
    evidence: conflicts.map(({ name, message }) => ({ kind: "file", text: `${name}: ${message}` })),
    remediation: { text: first.fix },
    goOn: true,
  };
}
