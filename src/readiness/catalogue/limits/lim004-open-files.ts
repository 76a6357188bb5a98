import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Enough files can be open at once. */
export const lim004: CheckDefinition = {
  id: "LIM004",
  title: "as many files can be open as steps need",
  kind: "check",
  category: "limits",
  severity: "error",
  verifies:
    "The operating system lets a process have as many open files as limits.maxConcurrentSteps makes necessary: pipes, logs and the database.",
  how: { live: "opens as many in a child process" },
  advice: { text: "Raise the limit of open files, or lower limits.maxConcurrentSteps.", command: "ulimit -n" },
  dependsOn: needsConfig,
  timeoutMs: 30_000,
  expectedMs: 100,
  live: async (context) => await (await import("./open-descriptors.ts")).openDescriptors(context),
};
