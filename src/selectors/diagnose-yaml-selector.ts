import { isScalar } from "yaml";
import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { diagnose, type ValuePath, type YamlFile } from "../lib/yaml-file.ts";
import { type SelectorContext, tryCompileSelector } from "./compile-selector.ts";
import type { SelectorProblem } from "./selector-problem.ts";

/**
 * Checks a selector that stands as a text inside a YAML file; each problem has its place in that file.
 *
 * @param path Keys and indexes that lead to the text; it must be a string there.
 * @example
 * diagnoseYamlSelector(yaml, ["selectors", "web"], { named });
 */
export function diagnoseYamlSelector(yaml: YamlFile, path: ValuePath, context: SelectorContext = {}): Diagnostic[] {
  // An alias on the way has no text of its own here, but stands for one.
  const text = valueAt(yaml.value, path);
  if (typeof text !== "string") return [diagnose(yaml, path, "value", "a selector is expected here")];
  const result = tryCompileSelector(text, context);
  if ("selector" in result) return [];
  const node = yaml.document.getIn(path, true);
  const start = isScalar(node) ? node.range?.[0] : undefined;
  return result.problems.map((problem) => placeInYaml(yaml, path, text, start, problem));
}

function valueAt(value: unknown, path: ValuePath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[key];
  }
  return at;
}

/** The exact place when the text stands in the file as it is; else (escapes, folded lines) the whole value. */
function placeInYaml(
  yaml: YamlFile,
  path: ValuePath,
  text: string,
  nodeStart: number | undefined,
  { range, message, hint }: SelectorProblem,
): Diagnostic {
  if (nodeStart === undefined) return diagnose(yaml, path, "value", message, hint);
  const quoted = yaml.text.charAt(nodeStart) === '"' || yaml.text.charAt(nodeStart) === "'";
  const start = nodeStart + (quoted ? 1 : 0);
  if (!yaml.text.startsWith(text, start)) return diagnose(yaml, path, "value", message, hint);
  return diagnosticAt(yaml.file, yaml.text, { start: start + range.start, end: start + range.end }, message, hint);
}
