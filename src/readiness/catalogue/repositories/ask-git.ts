import { gitEnvironment, runGit } from "../../../repositories/run-git.ts";
import { GitError } from "../../../repositories/git-error.ts";
import { redactUrl } from "../../../repositories/repository-url.ts";
import { explainGitError } from "../../../repositories/explain-tree.ts";
import { readFactsOf } from "../../../repositories/git-facts.ts";
import type { GitFacts } from "../../../repositories/types.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome, Target } from "../../types.ts";
import { explainFindings, type InspectedRepository, inspectRepository } from "./inspect-fleet.ts";

/** Milliseconds that a remote has to answer. */
const remoteTimeoutMs = 20_000;

/** What git itself knows of one repository; asked once for all checks. */
async function askForFacts(context: CheckContext, { repository, tree }: InspectedRepository): Promise<GitFacts> {
  if (tree === undefined) throw new Error(`${repository.path} is no working tree`);
  return await context.once(
    `gitFacts ${repository.name}`,
    async () => await readFactsOf(tree, { signal: context.signal }),
  );
}

/** Asks git for the working tree, and the remote for its HEAD where the manifest names one. */
export async function reachRepository(context: CheckContext, target: Target | null): Promise<Outcome> {
  const inspected = await inspectRepository(context, target);
  const { repository } = inspected;
  if (inspected.tree === undefined) return { status: "pass", reason: "it is no working tree: see RPO003" };
  try {
    await askForFacts(context, inspected);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    // Whom git trusts is RPO009's question.
    if (error.failure !== "dubiousOwnership") return explainFindings([explainGitError(repository, error)]);
  }
  if (repository.url === undefined)
    return { status: "pass", reason: `git reads ${repository.path}; it has no remote to ask` };
  return await askRemote(context, repository.path, repository.url);
}

async function askRemote(context: CheckContext, folder: string, url: string): Promise<Outcome> {
  const shown = redactUrl(url);
  const command = `git -C ${folder} ls-remote --exit-code ${shown} HEAD`;
  // No prompt of any kind: a service has nobody to type an answer.
  const env = { ...gitEnvironment(), GIT_SSH_COMMAND: "ssh -o BatchMode=yes", GIT_ASKPASS: "true" };
  const begin = performance.now();
  try {
    const args = ["ls-remote", "--exit-code", url, "HEAD"];
    await runGit({ folder, args, env, signal: context.signal, timeoutMs: remoteTimeoutMs });
    return {
      status: "pass",
      reason: `${shown} answered in ${Math.round(performance.now() - begin)} ms`,
      evidence: [{ kind: "command", text: command }],
    };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const said = error.stderr.trim().split("\n")[0]?.replaceAll(url, shown) ?? "";
    return {
      status: "fail",
      reason: said === "" ? error.message.replaceAll(url, shown) : said,
      observed: `exit ${error.gitExitCode ?? "by a signal"} after ${Math.round(performance.now() - begin)} ms`,
      evidence: [{ kind: "command", text: command }],
      remediation: { text: "Look at the remote as the user that runs this, without a prompt:", command },
    };
  }
}

/** Whether git trusts the folder: asked by running it as the user that runs this. */
export async function askForTrust(context: CheckContext, target: Target | null): Promise<Outcome> {
  const inspected = await inspectRepository(context, target);
  if (inspected.tree === undefined) return { status: "notApplicable", reason: "it is no working tree: see RPO003" };
  try {
    await askForFacts(context, inspected);
    return { status: "pass", reason: "git trusts the folder" };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (error.failure === "dubiousOwnership") return explainFindings([explainGitError(inspected.repository, error)]);
    return { status: "pass", reason: "git fails for another reason than trust: see RPO001" };
  }
}

/** Half-done operations as git sees them, with the number of changed paths. */
export async function askForChanges(context: CheckContext, target: Target | null): Promise<Outcome> {
  const inspected = await inspectRepository(context, target);
  if (inspected.tree === undefined) return { status: "notApplicable", reason: "it is no working tree: see RPO003" };
  const { changed, operation } = await askForFacts(context, inspected);
  const observed = `${changed} changed or untracked ${changed === 1 ? "path" : "paths"}`;
  if (operation !== null) return { status: "warn", reason: `a ${operation} was begun and not ended`, observed };
  return {
    status: "pass",
    reason: changed === 0 ? "nothing is half done" : `nothing is half done; ${observed}`,
    observed,
  };
}
