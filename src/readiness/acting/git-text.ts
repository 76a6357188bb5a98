import { runGit } from "../../repositories/run-git.ts";

/** What a git command prints in a repository of scratch space, without white space around it. */
export async function gitText(folder: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  return (await runGit({ folder, args, signal })).stdout.toString("utf8").trim();
}

/** Where a repository's own folder stands and what differs in it: two readings are the same when nobody touched it. */
export async function readCheckout(folder: string, signal?: AbortSignal): Promise<string> {
  const head = await gitText(folder, ["rev-parse", "HEAD", "--abbrev-ref", "HEAD"], signal);
  return `${head.replaceAll("\n", " ")} ${await gitText(folder, ["status", "--porcelain", "--ignored"], signal)}`;
}
