import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** What was done is known, and stays known. */
export const sec009: CheckDefinition = {
  id: "SEC009",
  title: "the audit trail holds what was allowed and refused, and shows when it was edited",
  kind: "check",
  category: "security",
  severity: "error",
  security: true,
  verifies:
    "An act that was allowed and one that was refused are in the trail with who and from where, and an edit of it is found.",
  how: {
    live: "acts at a scratch server over HTTP, reads its trail, then edits an entry in its database and lets it verify the chain",
  },
  advice: { text: "Report it with the evidence: attempts against this workspace would not be seen." },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  expectedMs: 3_000,
  live: async (context) => await (await import("./ask-scratch-server.ts")).askScratchServer(context, "audit"),
};
