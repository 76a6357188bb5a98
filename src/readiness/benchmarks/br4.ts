import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { perform } from "../../app/perform.ts";
import { listRepositories } from "../../app/use-cases/repos.ts";
import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { openBenchWorkspace, time } from "./bench-workspace.ts";

const count = 1_000;
const selector = "role:service && tag:lang/ts && !tag:frozen";

/** A manifest as a large fleet has one: roles, tags, and every repository needs the one before it in its tenth. */
function describeFleet(): { readonly text: string; readonly selected: number } {
  const entries = Array.from({ length: count }, (_, index) => {
    const service = index % 3 !== 0;
    const tags = [
      index % 2 === 0 ? "lang/ts" : "lang/go",
      `team/t${index % 7}`,
      ...(index % 11 === 0 ? ["frozen"] : []),
    ];
    const needs = index % 10 === 0 ? [] : [`repository-${index - 1}`];
    return [`repository-${index}`, { role: service ? "service" : "library", tags, needs }] as const;
  });
  const selected = entries.filter(
    ([, { role, tags }]) => role === "service" && tags.includes("lang/ts") && !tags.includes("frozen"),
  ).length;
  const roles = { service: { description: "runs" }, library: { description: "is used" } };
  return { text: stringify({ version: 1, roles, repos: Object.fromEntries(entries) }), selected };
}

/** Loads the manifest anew for each sample, as every command does, and selects. */
export async function openManifestLoad(context: CheckContext): Promise<BenchmarkBody> {
  const workspace = await openBenchWorkspace(context, await context.scratch("br4"), {
    repositories: [],
    workflows: {},
  });
  const { text, selected } = describeFleet();
  await writeFile(join(workspace.folder, "repos.yaml"), text);
  return {
    sample: async () => {
      await using app = await workspace.reopen();
      return await time(async () => {
        const { items } = await perform(app, listRepositories, { filter: selector });
        if (items.length !== selected) throw new Error(`${items.length} are selected, not ${selected}`);
      });
    },
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
