import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Only current protocols are spoken. */
export const sec002: CheckDefinition = {
  id: "SEC002",
  title: "only current security protocols are spoken",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies: "The server takes TLS 1.2 or newer alone, and no weak cipher.",
  how: { static: "does not apply while there is no server that could listen" },
  advice: { text: "Nothing has to be done while there is no server." },
  dependsOn: needsConfig,
  static: () => ({ status: "notApplicable", reason: "nothing listens: there is no server yet" }),
};
