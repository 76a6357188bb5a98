import { resolve } from "node:path";
import { findPackageRoot } from "../../lib/package-root.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { InitOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Line, renderLines, span } from "../terminal/line.ts";
import { whereWords } from "../where-words.ts";

/** What `init` made, as machines read it. */
export interface InitDocument {
  readonly schemaVersion: 1;
  /** Absolute. */
  readonly folder: string;
  readonly demo: boolean;
  /** A demo that stood there was kept, with its history. */
  readonly kept: boolean;
  /** What was made now, relative to the folder. */
  readonly made: readonly string[];
}

/** Paths that are listed one by one; more are counted. */
const listedPaths = 12;

/** `mahavishnu init [DIR]`. */
export async function runInit(options: InitOptions, io: CommandIo): Promise<number> {
  const folder = resolve(options.workspace ?? io.cwd, options.folder);
  const made = await make(folder, options);
  if (options.format === "json") writeJson(io.stdout, made);
  else if (!options.quiet) writeLines(io.stdout, renderLines(describe(made, io.cwd), io.stdout));
  return exitCodes.success;
}

async function make(folder: string, { demo = false, fresh = false }: InitOptions): Promise<InitDocument> {
  const packageRoot = findPackageRoot();
  if (!demo) {
    const { initWorkspace } = await import("../../app/init-workspace.ts");
    const { files } = await initWorkspace({ folder, packageRoot });
    return { schemaVersion: 1, folder, demo, kept: false, made: files };
  }
  const { makeDemoWorkspace } = await import("../../app/demo-workspace.ts");
  const workspace = await makeDemoWorkspace({ folder, packageRoot, fresh });
  return { schemaVersion: 1, folder, demo, kept: workspace.kept, made: workspace.made };
}

function describe({ folder, demo, kept, made }: InitDocument, cwd: string): Line[] {
  const what = demo ? "demo workspace" : "workspace";
  const shown = made.slice(0, listedPaths);
  const more = made.length - shown.length;
  const at = whereWords({ workspace: folder }, cwd);
  const next = demo ? ["run inventory", "repos list"] : ["repos scan ~/src", "config validate"];
  return [
    [`${kept ? "kept the" : "made a"} ${what} in ${folder}`],
    ...shown.map((path): Line => [span("faint", "  + "), path]),
    ...(more > 0 ? [[span("faint", `  ... and ${more} more`)]] : []),
    [],
    ...next.map((command, index): Line => [
      span("faint", index === 0 ? "  next  " : "        "),
      `mahavishnu ${command}${at}`,
    ]),
  ];
}
