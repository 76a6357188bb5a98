import type { CheckDefinition } from "../../definition.ts";
import { failWith } from "../configuration/config-problems.ts";
import { needsConfig } from "../needs-config.ts";

/** Nobody can do what their role does not say. */
export const sec003: CheckDefinition = {
  id: "SEC003",
  title: "access is denied unless a role gives it",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies:
    "Every role may do what it is documented to do, on the repositories that it is given for, and nothing else; a subject without a role, or with an unknown one, may do nothing.",
  how: {
    static: "looks whether the scopes of access.bindings name what the manifest has, and hold any repository",
    live: "asks the door for every role, every permission and every kind of repository, compares each decision with the documented table, and counts the audit trail; then asks the shipped server over HTTP with real tokens of each role",
  },
  advice: { text: "Look at access.bindings.", command: "mahavishnu config show --origin" },
  dependsOn: [...needsConfig, "RPO005"],
  timeoutMs: 60_000,
  expectedMs: 2_000,
  static: async (context) => {
    const loaded = await context.config();
    const { bindings } = loaded.config.access;
    if (bindings.length === 0) return { status: "pass", reason: "nobody but the owner of the workspace has a role" };
    const [{ findIdleScopes }, { findScopeProblems }] = await Promise.all([
      import("./review-bindings.ts"),
      import("../../../app/check-scopes.ts"),
    ]);
    const problems = findScopeProblems(loaded, await context.fleet());
    if (problems.length > 0) return failWith(problems.map((diagnostic) => ({ kind: "value", diagnostic })));
    const idle = await findIdleScopes(context, bindings);
    if (idle.length > 0) return { status: "warn", reason: idle.join("; ") };
    return {
      status: "pass",
      reason: `${bindings.length} ${bindings.length === 1 ? "binding" : "bindings"}, each for repositories that exist`,
    };
  },
  live: async (context) => {
    const [{ askTheDoor }, { askScratchServer }] = await Promise.all([
      import("./ask-the-door.ts"),
      import("./ask-scratch-server.ts"),
    ]);
    const atTheDoor = await askTheDoor(context);
    if (atTheDoor.status !== "pass") return atTheDoor;
    const overHttp = await askScratchServer(context, "roles");
    return {
      ...overHttp,
      reason: overHttp.status === "pass" ? `${atTheDoor.reason}; ${overHttp.reason}` : overHttp.reason,
    };
  },
};
