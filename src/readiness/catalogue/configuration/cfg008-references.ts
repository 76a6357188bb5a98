import { formatOrigin } from "../../../config/origin.ts";
import { readSecrets, type SecretOutcome } from "../../../config/secret-references.ts";
import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** The secrets of the configuration with what their references lead to, read once for all checks. */
export async function followReferences(context: CheckContext): Promise<readonly SecretOutcome[]> {
  return await context.once("secrets", async () => await readSecrets(await context.config(), context.environment));
}

/** Every reference leads somewhere. */
export const cfg008: CheckDefinition = {
  id: "CFG008",
  title: "every reference is resolved",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies: "Each ${env:NAME} and ${file:PATH} of the configuration leads to a value that is not empty.",
  how: { static: "follows every reference, as a start of the engine would" },
  advice: { text: "Set the variable, or write the file that the reference names." },
  dependsOn: needsConfig,
  static: async (context) => {
    const references = (await followReferences(context)).filter(({ reference }) => reference !== null);
    const broken = references.flatMap(({ path, reference, origin, result }) =>
      result.ok
        ? []
        : [
            {
              text: `${path} (${formatOrigin(origin)}): ${reference} leads to nothing: ${result.reason}`,
              fix: result.fix,
            },
          ],
    );
    const [first] = broken;
    if (first !== undefined) {
      return {
        status: "fail",
        reason: broken.map(({ text }) => text).join("; "),
        expected: `${references.length} of ${references.length} references resolved`,
        observed: `${references.length - broken.length} of ${references.length}`,
        evidence: broken.map(({ text }) => ({ kind: "value", text })),
        remediation: { text: broken.map(({ fix }) => `${fix[0]?.toUpperCase()}${fix.slice(1)}.`).join(" ") },
      };
    }
    if (references.length === 0) return { status: "notApplicable", reason: "the configuration holds no reference" };
    return { status: "pass", reason: `${references.length} of ${references.length} references lead to a value` };
  },
};
