import type { Diagnostic } from "../lib/diagnostics.ts";
import { UserFileError } from "../lib/errors.ts";
import { diagnose, parseYamlFile, type YamlFile } from "../lib/yaml-file.ts";
import { diagnoseYamlSelector } from "../selectors/diagnose-yaml-selector.ts";
import type { ConfigKey } from "./config-keys.ts";
import type { Layer } from "./layer.ts";
import { maskDiagnostic } from "./mask-line.ts";
import { isTree } from "./raw-tree.ts";

/**
 * The layer of one configuration file.
 *
 * @param shown The file as it is named in messages.
 */
export function readFileLayer(
  kind: "file" | "local",
  { shown, text }: { readonly shown: string; readonly text: string },
  keys: readonly ConfigKey[],
): Layer {
  const yaml = parseMasked(shown, text, keys);
  if (!("document" in yaml)) return unreadableLayer(yaml);
  if (!isTree(yaml.value)) {
    const message = yaml.value === null ? "this file is empty" : "a configuration is a map of keys";
    const diagnostic = diagnose(yaml, [], "value", message, "it begins with `version: 1`");
    return unreadableLayer([maskDiagnostic(diagnostic, keys, undefined)]);
  }
  return {
    tree: yaml.value,
    checked: yaml.value,
    problems: [],
    originOf: (path) => {
      const { line, column } = diagnose(yaml, path, "value", "");
      return { layer: kind, file: shown, line, column };
    },
    place: ({ path, at, message, hint }) => maskDiagnostic(diagnose(yaml, path, at, message, hint), keys, path),
    diagnoseSelector: (path, context) =>
      diagnoseYamlSelector(yaml, path, context).map((diagnostic) => maskDiagnostic(diagnostic, keys, path)),
  };
}

function parseMasked(shown: string, text: string, keys: readonly ConfigKey[]): YamlFile | readonly Diagnostic[] {
  try {
    return parseYamlFile(shown, text);
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    return error.diagnostics.map((diagnostic) => maskDiagnostic(diagnostic, keys, undefined));
  }
}

function unreadableLayer(diagnostics: readonly Diagnostic[]): Layer {
  const nothing = (): never => {
    throw new Error("a file that cannot be read holds no values");
  };
  const problems = diagnostics.map((diagnostic) => ({ kind: "unreadable", diagnostic }) as const);
  return { tree: {}, checked: undefined, problems, originOf: nothing, place: nothing, diagnoseSelector: nothing };
}
