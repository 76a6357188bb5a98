import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { Problem } from "./problem.ts";

/** Takes the server's own folders out of what is said of a failure. */
export type FolderVeil = (problem: Problem) => Problem;

/**
 * Makes what takes the server's own folders out of problems: what lies in the workspace is told from there, and of other folders that
 * the configuration names only that there is one. What only repeats a request stays as it is: it must not tell whether a folder was guessed.
 *
 * @example
 * hideFolders(loaded)(problem).detail; // ".mahavishnu/state.db is damaged"
 */
export function hideFolders({ workspace, paths }: Pick<LoadedConfig, "workspace" | "paths">): FolderVeil {
  const { stateFile, repositories, workflows, allowedRoots } = paths;
  const own = spellings(workspace);
  const others = [dirname(stateFile), dirname(repositories), dirname(workflows), ...allowedRoots]
    .flatMap(spellings)
    .filter((path) => !own.some((folder) => path === folder || path.startsWith(`${folder}/`)));
  const covers = [
    ...own.map((path) => ({ path, below: "", alone: "the workspace" })),
    ...others.map((path) => ({ path, below: "…/", alone: "…" })),
  ]
    .filter(({ path }) => path !== "/")
    .toSorted((a, b) => b.path.length - a.path.length)
    .map(({ path, ...told }) => ({ ...told, pattern: patternOf(path) }));
  const hide = (text: string): string =>
    covers.reduce((rest, { pattern, below, alone }) => {
      return rest.replace(pattern, (_whole, slash?: string) => (slash === undefined ? alone : below));
    }, text);
  return (problem) => {
    const { status, detail, fix, diagnostics } = problem;
    if (status !== 409 && status < 422) return problem;
    return {
      ...problem,
      detail: hide(detail),
      fix: hide(fix),
      diagnostics: diagnostics.map((each) => ({ ...each, file: hide(each.file), message: hide(each.message) })),
    };
  };
}

/** The folder as a whole name: `/srv/fleet` is no part of `/srv/fleet-2`. With a slash, something below it is meant. */
function patternOf(path: string): RegExp {
  return new RegExp(String.raw`(?<![\w./-])${RegExp.escape(path)}(?:(/)|(?![\w-]|\.\w))`, "g");
}

/** A folder as it is configured, and as the system names it. */
function spellings(path: string): string[] {
  try {
    return [...new Set([path, realpathSync(path)])];
  } catch {
    return [path];
  }
}
