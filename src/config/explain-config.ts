import { type Explanation, explainIssues } from "../lib/explain-issues.ts";
import { notBuiltConfig } from "./not-built.ts";
import { isTree, type RawTree, valueIn } from "./raw-tree.ts";
import { Config } from "./schema.ts";

/** What is wrong with a configuration, in plain words; empty when nothing is. Loads the schema: only for those in doubt. */
export function explainConfig(tree: RawTree): Explanation[] {
  const result = Config.safeParse(tree);
  const issues = result.success ? [] : result.error.issues;
  return [
    ...explainIssues({ value: tree, schema: Config, notBuilt: notBuiltConfig }, issues),
    ...refusePrototype(tree),
  ];
}

/** Zod drops the name `__proto__` from a map without a word; nothing of a user's file is ignored here. */
function refusePrototype(tree: RawTree): Explanation[] {
  const named = [
    [["secrets"], "a secret"],
    [["access", "roles"], "a role"],
  ] as const;
  return named.flatMap(([path, what]): Explanation[] => {
    const map = valueIn(tree, path);
    if (!isTree(map) || !Object.hasOwn(map, "__proto__")) return [];
    return [{ kind: "value", path: [...path, "__proto__"], at: "key", message: `${what} cannot have this name` }];
  });
}
