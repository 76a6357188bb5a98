import { join, relative } from "node:path";
import { findPackageRoot } from "../lib/package-root.ts";

/** The words that start the shipped CLI as a child process: `node`, `.../main.js`. */
export interface CliCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** The command that users call: the bundle's own launcher, or, when the sources run, their entry. */
export function shippedCli(): CliCommand {
  const root = findPackageRoot();
  const bundled = !relative(root, import.meta.dirname).startsWith("src");
  return { file: process.execPath, args: [join(root, bundled ? "bin/mahavishnu.js" : "src/cli/main.ts")] };
}
