import { chmodSync, mkdtempSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../config/load-config.ts";
import { loadChecks } from "../load-registry.ts";
import { runProduction } from "../run-production.ts";
import type { Profile, Result } from "../types.ts";
import { writeFiles } from "../../../test/support/git-fixture.ts";

/** A workspace for tests of single checks, removed with `[Symbol.asyncDispose]`. */
export interface CheckStage extends AsyncDisposable {
  readonly workspace: string;
  /** Asks one check, with all that it needs, and gives its results. */
  ask(id: string, options?: AskOptions): Promise<readonly Result[]>;
}

/** How a check is asked. */
export interface AskOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly profile?: Profile;
  readonly set?: readonly string[];
  /** The live probe as well. */
  readonly live?: boolean;
}

/** A secret as `mahavishnu init` makes it. */
export const goodSecret = "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw";

/** A configuration with which every static check passes. */
export const goodConfig = "version: 1\nauth: { secret: '${env:AUTH}' }\n";

/** Makes a workspace with files; `mahavishnu.yaml` and an empty-handed `repos.yaml` are there when none is given. */
export function openCheckStage(files: Readonly<Record<string, string>> = {}): CheckStage {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "check-")));
  const all = { "mahavishnu.yaml": goodConfig, "repos.yaml": "version: 1\nrepos: {}\n", ...files };
  writeFiles(workspace, all);
  for (const name of Object.keys(all)) chmodSync(join(workspace, name), 0o600);
  return {
    workspace,
    ask: async (id, { env = {}, profile, set = [], live = false } = {}) => {
      const environment = { PATH: process.env["PATH"], HOME: process.env["HOME"], AUTH: goodSecret, ...env };
      const { report } = await runProduction(
        { command: "check-config", only: [id], all: live, ...(profile === undefined ? {} : { profile }) },
        {
          workspace,
          config: async () => await loadConfig({ workspace, env: environment, set }),
          environment,
          cli: { file: process.execPath, args: ["--version"] },
          interrupt: new AbortController().signal,
          interruptCode: () => 130,
          registry: loadChecks(),
        },
      );
      return report.results.filter((result) => result.id === id);
    },
    [Symbol.asyncDispose]: async () => {
      await rm(workspace, { recursive: true, force: true });
    },
  };
}
