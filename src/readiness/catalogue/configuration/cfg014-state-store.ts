import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** The store works. */
export const cfg014: CheckDefinition = {
  id: "CFG014",
  title: "the state store can be reached, is sound and current",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies:
    "The state database opens, is whole, has the schema of this version, and keeps two writers apart. Nothing in it is changed.",
  how: {
    static:
      "reads the database as every command does before it works with it: whether it is one of ours, of this version, and whole",
    live: "checks the integrity of the database, writes, reads and rolls back in a scratch table, and tries the same from a second connection; without a database, in a new one beside its place",
  },
  advice: {
    text: "Restore a backup, or move the damaged file aside to begin with an empty history.",
    command: "mahavishnu runs list",
  },
  dependsOn: [...needsConfig, "CFG013"],
  timeoutMs: 60_000,
  expectedMs: 100,
  static: async (context) => {
    const { stateFile } = (await context.config()).paths;
    // The store is only loaded where there is something to look at.
    const isNothingThere = [stateFile, `${stateFile}-wal`, join(dirname(stateFile), "runs")].every(
      (path) => lstatSync(path, { throwIfNoEntry: false }) === undefined,
    );
    if (isNothingThere) return { status: "pass", reason: "there is no database yet" };
    return (await import("./look-at-store.ts")).lookAtStore(stateFile);
  },
  live: async (context) => await (await import("./try-store.ts")).tryStore(context),
};
