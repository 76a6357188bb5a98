import type { SecretOutcome } from "../../../config/secret-references.ts";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { lengthOf } from "../security/judge-secret.ts";
import { followReferences } from "./cfg008-references.ts";

/** Every secret can be fetched now, by this process. */
export const cfg009: CheckDefinition = {
  id: "CFG009",
  title: "every secret can be fetched now",
  kind: "check",
  category: "configuration",
  severity: "critical",
  security: true,
  verifies:
    "Each secret of the configuration comes from its provider at this moment. Its length and provider are told, never the value.",
  how: { static: "fetches each secret from the environment or its file" },
  advice: { text: "Give this process the secret: see the provider's error." },
  dependsOn: [...needsConfig, "CFG008"],
  static: async (context) => {
    const secrets = await followReferences(context);
    if (secrets.length === 0) return { status: "notApplicable", reason: "the configuration names no secret" };
    const lost = secrets.filter(({ result }) => !result.ok);
    const evidence = secrets.map((secret) => ({ kind: "value", text: describe(secret) }));
    if (lost.length > 0) return { status: "fail", reason: lost.map(describe).join("; "), evidence };
    return { status: "pass", reason: secrets.map(describe).join("; "), evidence };
  },
};

function describe({ path, reference, result }: SecretOutcome): string {
  const provider = reference === null ? "plain text" : reference.startsWith("${env:") ? "environment" : "file";
  if (!result.ok) return `${path} from ${provider}: ${result.reason}`;
  return `${path} from ${provider}: ${lengthOf(result.value.reveal())} characters`;
}
