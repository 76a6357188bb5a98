import { type Explanation, explainIssues } from "../lib/explain-issues.ts";
import { notBuiltConfig } from "./not-built.ts";
import { isTree, type RawTree } from "./raw-tree.ts";
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
function refusePrototype({ secrets }: RawTree): Explanation[] {
  if (!isTree(secrets) || !Object.hasOwn(secrets, "__proto__")) return [];
  return [{ kind: "value", path: ["secrets", "__proto__"], at: "key", message: "a secret cannot have this name" }];
}
