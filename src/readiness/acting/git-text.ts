import { runGit } from "../../repositories/run-git.ts";

/** Git's exit codes for "no" and "there is no such thing". */
const answers = [0, 1, 128];

/**
 * What a git command prints in a repository of scratch space, without white space around it; nothing when git says no, so
 * that a probe can compare it and need not expect an error.
 */
export async function gitText(folder: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { exitCode, stdout } = await runGit({ folder, args, signal, accept: answers });
  return exitCode === 0 ? stdout.toString("utf8").trim() : "";
}

/** Where a repository's own folder stands and what differs in it: two readings are the same when nobody touched it. */
export async function readCheckout(folder: string, signal?: AbortSignal): Promise<string> {
  const head = await gitText(folder, ["rev-parse", "HEAD", "--abbrev-ref", "HEAD"], signal);
  return `${head.replaceAll("\n", " ")} ${await gitText(folder, ["status", "--porcelain", "--ignored"], signal)}`;
}
