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
  const node = yaml.document.getIn(path, true);
  if (!isScalar(node) || typeof node.value !== "string")
    return [diagnose(yaml, path, "value", "a selector is expected here")];
  const result = tryCompileSelector(node.value, context);
  if ("selector" in result) return [];
  return result.problems.map((problem) => placeInYaml(yaml, path, node.value as string, node.range?.[0], problem));
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
