import { type Assignment, diagnoseHead, readAssignmentLayer } from "./assignment-layer.ts";
import type { ConfigKey } from "./config-keys.ts";
import { explainUnknownPath, findKeyByPath } from "./find-key.ts";
import type { ConfigProblem, Layer } from "./layer.ts";

/** The layer of the command line: the values of `--set KEY=VALUE`, in their order. */
export function readSetLayer(set: readonly string[], keys: readonly ConfigKey[]): Layer {
  const assignments: Assignment[] = [];
  const refused: ConfigProblem[] = [];
  for (const argument of set) {
    const dotted = /^[\w.-]*/.exec(argument)?.[0] ?? "";
    const range = { start: 0, length: dotted.length };
    if (argument.charAt(dotted.length) !== "=") {
      const line = dotted === argument ? dotted : `${dotted}***`;
      const message = "a key and a value are expected, with = between them";
      refused.push({
        kind: "value",
        diagnostic: diagnoseHead("--set", line, range, message, "for example --set limits.timeout=20m"),
      });
      continue;
    }
    const found = findKeyByPath(dotted, keys);
    if (found === undefined) {
      const { kind, message, hint } = explainUnknownPath(dotted, keys);
      refused.push({ kind, diagnostic: diagnoseHead("--set", `${dotted}=***`, range, message, hint) });
      continue;
    }
    const text = argument.slice(dotted.length + 1);
    assignments.push({ ...found, text, head: `${dotted}=`, origin: { layer: "flag", flag: `--set ${dotted}` } });
  }
  return readAssignmentLayer("--set", assignments, refused);
}
