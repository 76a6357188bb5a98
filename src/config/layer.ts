import type { Diagnostic } from "../lib/diagnostics.ts";
import type { Explanation } from "../lib/explain-issues.ts";
import type { SelectorContext } from "../selectors/compile-selector.ts";
import type { Origin } from "./origin.ts";
import type { RawTree } from "./raw-tree.ts";

/** One wrong place of a configuration. */
export interface ConfigProblem {
  readonly kind: "unreadable" | Explanation["kind"];
  readonly diagnostic: Diagnostic;
}

/** One source of values: a file, the environment or the `--set` flags. */
export interface Layer {
  /** What the source says, as it is written there; empty when it could not be read at all. */
  readonly tree: RawTree;
  /** What the schema checks: the tree, with `version` in layers that need not say it; undefined when there is none. */
  readonly checked: RawTree | undefined;
  /** What is wrong before the schema looks: broken syntax, unknown variables. */
  readonly problems: readonly ConfigProblem[];
  /** Where a value of `tree` stands. */
  originOf(path: readonly string[]): Origin;
  /** The place of something that the schema refuses in `checked`. */
  place(explanation: Explanation): Diagnostic;
  /** What is wrong with a selector of `tree`, each problem with its place inside the text. */
  diagnoseSelector(path: readonly (string | number)[], context: SelectorContext): Diagnostic[];
}
