import type { Diagnostic } from "../lib/diagnostics.ts";
import { UserFileError } from "../lib/errors.ts";
import { diagnose, parseYamlFile, type YamlFile } from "../lib/yaml-file.ts";
import { diagnoseYamlSelector } from "../selectors/diagnose-yaml-selector.ts";
import { type ConfigKey, isSecretKey } from "./config-keys.ts";
import type { ConfigProblem, Layer } from "./layer.ts";
import type { Origin } from "./origin.ts";
import { isReference } from "./secret-source.ts";
import { mergeTrees, type RawTree, treeOf } from "./raw-tree.ts";

/** One value given outside files: by an environment variable or by `--set`. */
export interface Assignment {
  readonly key: ConfigKey;
  readonly path: readonly string[];
  readonly text: string;
  /** What stands before the text where the user wrote it, `=` included: `MAHAVISHNU_PROFILE=`. */
  readonly head: string;
  readonly origin: Origin;
}

/** A layer of single values; a later assignment of the same path wins. */
export function readAssignmentLayer(
  source: string,
  assignments: readonly Assignment[],
  refused: readonly ConfigProblem[],
): Layer {
  const problems = [...refused];
  const read: (Assignment & { readonly yaml?: YamlFile })[] = [];
  let tree: RawTree = {};
  for (const assignment of assignments) {
    if (assignment.text === "") {
      const diagnostic = showAssignment(source, assignment, "the value is empty", "give one, or leave it all out");
      problems.push({ kind: "value", diagnostic });
      continue;
    }
    try {
      const { kind } = assignment.key.shape;
      const yaml = kind === "list" || kind === "record" ? parseYamlFile(source, assignment.text) : undefined;
      tree = mergeTrees(tree, treeOf(assignment.path, yaml === undefined ? scalarOf(assignment) : yaml.value));
      read.push(yaml === undefined ? assignment : { ...assignment, yaml });
    } catch (error) {
      if (!(error instanceof UserFileError)) throw error;
      for (const diagnostic of error.diagnostics) {
        problems.push({ kind: "value", diagnostic: shift(diagnostic, assignment.head) });
      }
    }
  }
  const find = (path: readonly (string | number)[]): (typeof read)[number] => {
    const found =
      read.findLast((assignment) => assignment.path.every((part, index) => part === path[index])) ??
      // A map, of which an assignment has made a part: its name is wrong, or it lacks something.
      read.findLast((assignment) => path.every((part, index) => part === assignment.path[index]));
    if (found === undefined) throw new Error(`no assignment sets ${path.join(".")}`);
    return found;
  };
  return {
    tree,
    // Only files say their version.
    checked: { version: 1, ...tree },
    problems,
    originOf: (path) => find(path).origin,
    place: ({ path, at, message, hint }) => {
      const assignment = find(path);
      const { yaml, head } = assignment;
      if (yaml === undefined) return showAssignment(source, assignment, message, hint);
      return shift(diagnose(yaml, path.slice(assignment.path.length), at, message, hint), head);
    },
    // Scopes stand in a list, which is read as YAML.
    diagnoseSelector: (path, context) => {
      const { yaml, head, path: own } = find(path);
      if (yaml === undefined) throw new Error(`no selector stands at ${path.join(".")}`);
      return diagnoseYamlSelector(yaml, path.slice(own.length), context).map((diagnostic) => shift(diagnostic, head));
    },
  };
}

function scalarOf({ key, text }: Assignment): unknown {
  if (key.shape.kind === "number" && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (key.shape.kind === "boolean" && (text === "true" || text === "false")) return text === "true";
  // What is neither stays text, and the schema says what it should be.
  return text;
}

/** A diagnostic at the value of an assignment; a secret is masked, a reference to one is not. */
function showAssignment(source: string, { key, head, text }: Assignment, message: string, hint?: string): Diagnostic {
  const [first = ""] = (isSecretKey(key) && !isReference(text) ? "***" : text).split(/[\r\n]/);
  return diagnoseHead(source, `${head}${first}`, { start: head.length, length: first.length }, message, hint);
}

/** A diagnostic in one line of text that is no file. */
export function diagnoseHead(
  source: string,
  line: string,
  { start, length }: { readonly start: number; readonly length: number },
  message: string,
  hint?: string,
): Diagnostic {
  const base = { file: source, line: 1, column: start + 1, length: Math.max(1, length), message, sourceLine: line };
  return hint === undefined ? base : { ...base, hint };
}

/** A diagnostic of the value alone, moved to where the value stands after its head. */
function shift(diagnostic: Diagnostic, head: string): Diagnostic {
  if (diagnostic.line !== 1 || diagnostic.sourceLine === undefined) return diagnostic;
  return {
    ...diagnostic,
    column: diagnostic.column + head.length,
    sourceLine: `${head}${diagnostic.sourceLine}`,
  };
}
