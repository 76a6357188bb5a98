import { type Assignment, diagnoseHead, readAssignmentLayer } from "./assignment-layer.ts";
import type { ConfigKey } from "./config-keys.ts";
import { explainUnknownVariable, findKeyByVariable } from "./find-key.ts";
import type { ConfigProblem, Layer } from "./layer.ts";

/** Variables with the product's prefix that are no configuration: what commands and steps are told. */
export const reservedVariables: readonly string[] = [
  "MAHAVISHNU_URL",
  "MAHAVISHNU_TOKEN",
  "MAHAVISHNU_OUTPUT",
  "MAHAVISHNU_RUN_ID",
  "MAHAVISHNU_IDEMPOTENCY_KEY",
];

/**
 * The layer of the environment: every variable that begins with `MAHAVISHNU_`.
 *
 * @param named Variables that secret references name: those hold secrets, not configuration.
 */
export function readEnvironmentLayer(
  env: Readonly<Record<string, string | undefined>>,
  named: ReadonlySet<string>,
  keys: readonly ConfigKey[],
): Layer {
  const assignments: Assignment[] = [];
  const refused: ConfigProblem[] = [];
  for (const variable of Object.keys(env).toSorted()) {
    const text = env[variable];
    if (text === undefined || !variable.startsWith("MAHAVISHNU_")) continue;
    if (reservedVariables.includes(variable) || named.has(variable)) continue;
    const found = findKeyByVariable(variable, keys);
    if (found === undefined) {
      const { kind, message, hint } = explainUnknownVariable(variable, keys);
      // The value may be a secret under a misspelt name.
      const range = { start: 0, length: variable.length };
      refused.push({ kind, diagnostic: diagnoseHead("environment", `${variable}=***`, range, message, hint) });
      continue;
    }
    assignments.push({ ...found, text, head: `${variable}=`, origin: { layer: "environment", variable } });
  }
  return readAssignmentLayer("environment", assignments, refused);
}
