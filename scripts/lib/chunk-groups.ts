import { join } from "node:path";
import type { CodeSplittingGroup } from "rolldown";
import { root } from "./root.ts";

/** What the bundler is asked about a module. */
type ModuleInfo = (id: string) => { readonly importedIds: readonly string[] } | null;

/**
 * Files that are loaded together, by what loads them; each with all that its roots import. A file more costs half a
 * millisecond, so `check-config` has a few large ones instead of thirty small ones.
 */
const roots: readonly { readonly name: string; readonly files: readonly string[] }[] = [
  {
    // What nearly every command needs: it finds the workspace, opens it and prints.
    name: "workspace",
    files: [
      "src/app/open-app.ts",
      "src/app/perform.ts",
      "src/cli/open-workspace.ts",
      "src/cli/terminal/line.ts",
      "src/config/load-config.ts",
    ],
  },
  {
    name: "check-config",
    files: [
      "src/cli/commands/production-run.ts",
      "src/readiness/report/render-report.ts",
      "src/readiness/report/render-text.ts",
      "src/readiness/run-production.ts",
      "src/readiness/suite-use-cases.ts",
      "src/repositories/read-head.ts",
    ],
  },
];

/** The entry, whose imports stay with it. */
const entry = "src/cli/main.ts";

/** How the bundler is told to put modules into files. */
export function chunkGroups(): CodeSplittingGroup[] {
  let places: Map<string, string> | undefined;
  return [
    {
      includeDependenciesRecursively: false,
      debugName: "by what loads it",
      name: (id, context) => {
        places ??= placeModules(roots, (module) => context.getModuleInfo(module));
        return places.get(id) ?? null;
      },
    },
  ];
}

/** The group of each module: the first one that needs it; none for what the entry needs. */
function placeModules(groups: typeof roots, moduleInfo: ModuleInfo): Map<string, string> {
  const places = new Map<string, string>();
  const taken = new Set<string>();
  collect(join(root, entry), moduleInfo, taken);
  for (const { name, files } of groups) {
    for (const file of files) {
      const path = join(root, file);
      if (moduleInfo(path) === null) throw new Error(`chunk-groups.ts names ${file}, which is not in the bundle`);
      const found = new Set(taken);
      collect(path, moduleInfo, found);
      for (const id of found) {
        if (!taken.has(id)) places.set(id, name);
        taken.add(id);
      }
    }
  }
  return places;
}

/** Adds a module and all that it imports, not counting what it imports later. */
function collect(id: string, moduleInfo: ModuleInfo, found: Set<string>): void {
  if (found.has(id)) return;
  found.add(id);
  for (const imported of moduleInfo(id)?.importedIds ?? []) collect(imported, moduleInfo, found);
}
