import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** What is written stays written. */
export const cfg013: CheckDefinition = {
  id: "CFG013",
  title: "the state folder is writable and durable, with room to spare",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies:
    "In the folders of state and database, a file can be written, synced, renamed, read again and deleted, and there is room for the output of all steps at once.",
  how: { live: "does that under a scratch name, and asks the file system for free space and free files" },
  advice: {
    text: "Give the user that runs this the right to write there, or make room.",
    command: "df -h .mahavishnu",
  },
  dependsOn: needsConfig,
  expectedMs: 50,
  live: async (context) => await (await import("./try-state-folders.ts")).tryStateFolders(context),
};
