import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import type { CheckContext } from "../../src/readiness/context.ts";
import { openContext } from "../../src/readiness/open-context.ts";
import type { Profile } from "../../src/readiness/types.ts";
import { stagePackage } from "./staged-package.ts";

/** One fault of `faulty-cli.ts`: its kind, the beginning of the commands that have it, and its words. */
export type Fault = readonly [
  kind:
    | "set"
    | "swap"
    | "tell"
    | "exit"
    | "answer"
    | "append"
    | "leave"
    | "become"
    | "drop"
    | "sql"
    | "reveal"
    | "keep"
    | "die",
  where: string,
  first?: string,
  second?: string,
];

/** A workspace as a user would have it, and contexts of probes that look at it. */
export interface Stage extends AsyncDisposable {
  readonly workspace: string;
  /** A context of its own scratch space, with a CLI that has the given faults. */
  context(options?: StageOptions): CheckContext;
}

/** How one probe is staged. */
export interface StageOptions {
  readonly faults?: readonly Fault[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly profile?: Profile;
}

/**
 * Opens a workspace with the given files. The CLI is the package built from the sources of this checkout, started as a real process: it starts in
 * less than half of the time that the sources take.
 *
 * @param config Text of `mahavishnu.yaml` after `version: 1`.
 */
export async function openStage(config: string, files: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "stage-")));
  const workspace = join(root, "workspace");
  await mkdir(workspace);
  await writeFile(join(workspace, "mahavishnu.yaml"), `version: 1\n${config}`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(workspace, name, ".."), { recursive: true });
    await writeFile(join(workspace, name), text);
  }
  const launcher = join(await stagePackage(), "bin/mahavishnu.js");
  const opened: AsyncDisposable[] = [];
  return {
    workspace,
    context: ({ faults = [], env = {}, signal = new AbortController().signal, profile = "production" } = {}) => {
      const environment = { ...process.env, ...env };
      const planted = faults.flatMap(([kind, where, first = "", second = ""]) => [
        "--fault",
        kind,
        where,
        first,
        second,
      ]);
      const open = openContext({
        workspace,
        profile,
        thorough: false,
        environment,
        cli: { file: process.execPath, args: [join(import.meta.dirname, "faulty-cli.ts"), launcher, ...planted] },
        config: async () => await loadConfig({ workspace, env: environment, set: [] }),
      });
      opened.push(open);
      return { ...open.context, signal };
    },
    [Symbol.asyncDispose]: async () => {
      for (const open of opened) await open[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
