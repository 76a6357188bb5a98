import { setTimeout as delay } from "node:timers/promises";
import { GitError } from "./git-error.ts";
import { type GitCall, type GitOutput, runGit } from "./run-git.ts";

/** The waits double from here: about six seconds in all. */
const firstWaitMs = 50;
const attempts = 8;

/**
 * Runs git, and again while another process holds one of its locks. For commands that may be repeated.
 *
 * @param beforeAgain Done before each further try.
 * @throws GitError like `runGit`; `locked` when the lock stays.
 */
export async function runPatiently(call: GitCall, beforeAgain?: () => Promise<void>): Promise<GitOutput> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runGit(call);
    } catch (error) {
      if (!(error instanceof GitError) || error.failure !== "locked" || attempt >= attempts) throw error;
      await delay(
        firstWaitMs * 2 ** (attempt - 1),
        undefined,
        call.signal === undefined ? {} : { signal: call.signal },
      );
      await beforeAgain?.();
    }
  }
}
