import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Only whole, valid tokens count. */
export const sec007: CheckDefinition = {
  id: "SEC007",
  title: "only good tokens open the door",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies:
    "A token that is revoked, expired, not valid yet, for another audience, changed, unsigned or signed with what is no secret is refused.",
  how: {
    live: "makes real tokens at a scratch server with these settings, spoils each in its own way, and shows them over HTTP",
  },
  advice: { text: "Report it with the evidence, and serve on no network until it is mended." },
  dependsOn: needsConfig,
  timeoutMs: 60_000,
  expectedMs: 3_000,
  live: async (context) => {
    if (!(await context.config()).config.auth.enabled) {
      return { status: "notApplicable", reason: "auth.enabled is false: nobody shows a token" };
    }
    return await (await import("./ask-scratch-server.ts")).askScratchServer(context, "tokens");
  },
};
