import { judgeFolder } from "../../../store/judge-place.ts";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { listStateFolders } from "./list-state-folders.ts";

/** What is written stays written. */
export const cfg013: CheckDefinition = {
  id: "CFG013",
  title: "the state folder is writable and durable, with room to spare",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies:
    "In the folders of state, database, runs and worktrees, a file can be written, synced, renamed, read again and deleted, and there is room for the output of all steps at once.",
  how: {
    static: "looks at what stands there, and whether this process has the right to write",
    live: "does that under a scratch name, and asks the file system for free space and free files",
  },
  advice: {
    text: "Give the user that runs this the right to write there, or make room.",
    command: "df -h .mahavishnu",
  },
  dependsOn: needsConfig,
  expectedMs: 50,
  static: async (context) => {
    const folders = listStateFolders((await context.config()).paths);
    for (const folder of folders) {
      const problem = judgeFolder(folder);
      if (problem === undefined) continue;
      return { status: "fail", reason: problem.message, remediation: { text: problem.fix, command: null } };
    }
    return { status: "pass", reason: `${folders.length} folders are there, or can be made, and may be written` };
  },
  live: async (context) => await (await import("./try-state-folders.ts")).tryStateFolders(context),
};
