import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { promisify } from "node:util";
import type { AppContext } from "../../app/app-context.ts";
import { type ErrorCode, errorCatalogue } from "../../lib/error-catalogue.ts";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import { shippedCli } from "../cli-command.ts";

/** A command of the shipped CLI on the workspace of a server, ready to be started. */
export interface SuiteCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  };
}

/** Absolute folder of the workspace, symbolic links resolved: as the lock knows it. */
export function workspaceOf({ loaded }: Pick<AppContext, "loaded">): string {
  return realpathSync(loaded.workspace);
}

/** Makes a command that works with the configuration as it lies in its files now. */
export function suiteCommand(
  context: Pick<AppContext, "loaded" | "env">,
  words: readonly string[],
  format: "json" | "ndjson",
): SuiteCommand {
  const { file, args } = shippedCli();
  const workspace = workspaceOf(context);
  const [config] = context.loaded.files;
  const place = ["-C", workspace, ...(config === undefined ? [] : ["--config", config])];
  return {
    file,
    args: [...args, ...words, ...place, "-o", format],
    options: { cwd: workspace, env: { ...context.env, NO_COLOR: "1" } },
  };
}

const longestDocument = 16 * 1024 ** 2;
const patienceMs = 30_000;

/**
 * Asks a command that only tells something, and gives its document without its version. The catalogue is not loaded here: it holds
 * tests of the very use-cases that ask for it.
 *
 * @throws MahavishnuError what the command has failed with.
 */
export async function askSuiteCommand(context: AppContext, words: readonly string[]): Promise<unknown> {
  const { file, args, options } = suiteCommand(context, words, "json");
  const limits = { timeout: patienceMs, maxBuffer: longestDocument, signal: context.signal };
  try {
    const { stdout } = await promisify(execFile)(file, args, { ...options, ...limits });
    const { schemaVersion: _version, ...document } = JSON.parse(stdout) as Record<string, unknown>;
    return document;
  } catch (error) {
    throw readFailure(error) ?? error;
  }
}

/** What a failed command says of itself. */
function readFailure(thrown: unknown): MahavishnuError | undefined {
  const { stdout } = thrown as { readonly stdout?: unknown };
  if (typeof stdout !== "string" || stdout === "") return undefined;
  try {
    const { error } = JSON.parse(stdout) as {
      readonly error?: { readonly code: ErrorCode; readonly message: string; readonly fix: string };
    };
    if (error === undefined || !Object.hasOwn(errorCatalogue, error.code)) return undefined;
    return new MahavishnuError(error.code, error.message, { fix: error.fix, cause: thrown });
  } catch (cause) {
    return new MahavishnuError("INTERNAL", `the command gave no JSON: ${messageOf(cause)}`, { cause: thrown });
  }
}
