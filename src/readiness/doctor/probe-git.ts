import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { mapLimited } from "../../lib/semaphore.ts";
import { loadManifest } from "../../repositories/load-manifest.ts";
import { type GitOutput, gitEnvironment, runGit } from "../../repositories/run-git.ts";
import { fail, type Finding, ok, type Probe, type Subject, warn } from "./finding.ts";

/** `rev-parse --path-format` came with it. */
const least = [2, 31] as const;
/** Repositories asked at most: with many, those of another owner are seldom alone. */
const asked = 50;

async function callGit(
  { env, stateFolder }: Pick<Subject, "env" | "stateFolder">,
  args: readonly string[],
  { folder = nearestFolder(stateFolder), signal }: { readonly folder?: string; readonly signal: AbortSignal },
): Promise<GitOutput> {
  return await runGit({ folder, args, signal, env: gitEnvironment({ ...env }), accept: [0, 1, 128], timeoutMs: 3_000 });
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}

async function lookAtVersion(subject: Subject, signal: AbortSignal): Promise<Finding> {
  const install = {
    text: `Install git ${least.join(".")} or later, and make sure that it is on PATH.`,
    command: "apt-get install git",
  };
  let text: string;
  try {
    text = (await callGit(subject, ["version"], { signal })).stdout.toString("utf8").trim();
  } catch {
    return fail("there is no git on PATH", install);
  }
  const [, major = 0, minor = 0] = (/^git version (\d{1,4})\.(\d{1,4})/.exec(text) ?? []).map(Number);
  const figures = { version: text.replace(/^git version /, "") };
  if (major < least[0] || (major === least[0] && minor < least[1])) {
    return fail(`${text}; at least ${least.join(".")} is needed`, install, figures);
  }
  return ok(text, figures);
}

async function lookAtIdentity(subject: Subject, signal: AbortSignal): Promise<Finding> {
  const { env } = subject;
  const missing: string[] = [];
  for (const [key, variables] of [
    ["user.name", ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"]],
    ["user.email", ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]],
  ] as const) {
    if (variables.every((name) => (env[name] ?? "") !== "")) continue;
    const { stdout } = await callGit(subject, ["config", "--get", key], { signal });
    if (stdout.toString("utf8").trim() === "") missing.push(key);
  }
  if (missing.length === 0) return ok("commits have an author");
  const command = missing.map(
    (key) => `git config --global ${key} ${key === "user.name" ? '"Fleet Bot"' : "fleet@example.org"}`,
  );
  return warn(`${missing.join(" and ")} not set: steps that commit will fail`, { command: command.join(" && ") });
}

async function lookAtOwners(subject: Subject, signal: AbortSignal): Promise<Finding> {
  const { loaded } = subject;
  if (loaded === null) return ok("no workspace: no repositories to look at");
  const { repositories: file, allowedRoots } = loaded.paths;
  const loading = {
    file,
    base: loaded.workspace,
    ...(allowedRoots.length > 0 ? { allowedRoots } : {}),
  };
  const fleet = await loadManifest(loading);
  const there = fleet.repositories.filter(({ path }) => existsSync(path)).slice(0, asked);
  const doubted = await mapLimited(there, 8, async ({ path }) => {
    const { stderr } = await callGit(subject, ["rev-parse", "--git-dir"], { folder: path, signal });
    return stderr.includes("dubious ownership") ? path : null;
  });
  const paths = doubted.filter((path) => path !== null);
  const [first] = paths;
  const figures = { looked: there.length, doubted: paths.length };
  if (first === undefined) return ok(`git trusts ${there.length} of ${there.length} repositories`, figures);
  const more = paths.length === 1 ? "" : ` and ${paths.length - 1} more`;
  return fail(
    `git does not trust ${first}${more}: another user owns it`,
    {
      text: "Give them to the user that mahavishnu works as, or trust them:",
      command: paths
        .slice(0, 3)
        .map((path) => `git config --global --add safe.directory ${path}`)
        .join(" && "),
    },
    figures,
  );
}

/** Git and what it needs. */
export const gitProbes: readonly Probe[] = [
  { id: "git", look: lookAtVersion },
  { id: "git.identity", look: lookAtIdentity },
  { id: "git.owners", look: lookAtOwners },
];
