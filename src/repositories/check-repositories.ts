import { availableParallelism } from "node:os";
import { mapLimited } from "../lib/semaphore.ts";
import { describeEscape, explainEscape, isInside, resolveAsFarAsPossible, resolveRoots } from "./containment.ts";
import { explainFacts, explainGitError, explainProblem } from "./explain-tree.ts";
import { type FindingsByName, findConflicts, type OpenedRepository } from "./find-conflicts.ts";
import type { FindingCode, RepositoryFinding } from "./findings.ts";
import { openGitBatch } from "./git-batch.ts";
import { GitError } from "./git-error.ts";
import { type FactOptions, readFactsOf, statusArguments } from "./git-facts.ts";
import { holdsSecret, redactUrl } from "./repository-url.ts";
import type { Fleet, GitFacts, Repository } from "./types.ts";
import { openWorkingTree, problemOf } from "./working-tree.ts";

/** One repository and everything that was found about it. */
export interface CheckedRepository {
  readonly repository: Repository;
  /** The worst severity of its findings; notes leave it `ok`. */
  readonly state: "ok" | "warning" | "error";
  readonly findings: readonly RepositoryFinding[];
  /** Null when git could not be asked. */
  readonly facts: GitFacts | null;
}

/** The answer of `repos check`: every repository that was asked for, in the order of the fleet. */
export interface FleetCheck {
  readonly repositories: readonly CheckedRepository[];
  readonly counts: {
    readonly total: number;
    readonly ok: number;
    readonly warning: number;
    readonly error: number;
    /** Repositories with at least one finding of the code. */
    readonly byCode: Readonly<Partial<Record<FindingCode, number>>>;
  };
}

/** What `checkRepositories` is told besides the fleet. */
export interface CheckOptions extends Pick<FactOptions, "signal" | "timeoutMs" | "now"> {
  /** The repositories to check; all when left out. Conflicts are looked for in the whole fleet. */
  readonly repositories?: readonly Repository[];
  /** Git processes at the same time; twice the processors when left out. */
  readonly parallelism?: number;
}

/**
 * Looks at every repository: one git process each, the rest from files. What is wrong is a finding and never thrown,
 * and no repository is left out.
 *
 * @throws MahavishnuError `GIT_MISSING` without git; the signal's reason when aborted.
 * @example
 * const { counts } = await checkRepositories(fleet);
 */
export async function checkRepositories(fleet: Fleet, options: CheckOptions = {}): Promise<FleetCheck> {
  const { repositories = fleet.repositories, parallelism = 2 * availableParallelism(), ...factOptions } = options;
  const { signal, timeoutMs } = factOptions;
  await using batch = openGitBatch({ args: statusArguments, size: parallelism, signal, timeoutMs });
  const facts = { ...factOptions, batch };
  const roots = await resolveRoots(fleet.allowedRoots);
  const looked = await mapLimited(
    repositories,
    parallelism,
    async (repository) => await look(repository, { fleet, roots, facts }),
  );
  const conflicts = findConflicts(await openOthers(fleet, looked, parallelism));
  const checked = looked.map(({ repository, findings, facts: known }) =>
    judge(repository, [...(conflicts.get(repository.name) ?? []), ...findings], known),
  );
  return { repositories: checked, counts: countStates(checked) };
}

/**
 * Checks what the manifest says about paths, without a git process: outside the roots, duplicates, aliases, nesting.
 * Findings stand under the name of the repository; a sound repository has none.
 */
export async function checkFleet(fleet: Fleet): Promise<FindingsByName> {
  const roots = await resolveRoots(fleet.allowedRoots);
  const looked = await mapLimited(fleet.repositories, 16, async (repository): Promise<Looked> => {
    const opened = await openWorkingTree(repository.path);
    return { repository, opened, findings: await findEscapeOf({ repository, opened }, fleet, roots), facts: null };
  });
  const conflicts = findConflicts(looked);
  return new Map(
    looked
      .map(({ repository: { name }, findings }) => [name, [...(conflicts.get(name) ?? []), ...findings]] as const)
      .filter(([, findings]) => findings.length > 0),
  );
}

interface Looked extends OpenedRepository {
  readonly findings: readonly RepositoryFinding[];
  readonly facts: GitFacts | null;
}

interface LookContext {
  readonly fleet: Fleet;
  readonly roots: readonly string[];
  readonly facts: FactOptions;
}

async function look(repository: Repository, { fleet, roots, facts: options }: LookContext): Promise<Looked> {
  options.signal?.throwIfAborted();
  const opened = await openWorkingTree(repository.path);
  const findings = [...findSecret(repository), ...(await findEscapeOf({ repository, opened }, fleet, roots))];
  const result = { repository, opened, findings, facts: null };
  // Git reads the configuration of a folder: not of one that nobody allowed.
  if (findings.some(({ code }) => code === "outside")) return result;
  if (opened.tree === undefined) return { ...result, findings: [explainProblem(repository, opened), ...findings] };
  try {
    const facts = await readFactsOf(opened.tree, options);
    return { ...result, facts, findings: [...findings, ...explainFacts(repository, facts)] };
  } catch (error) {
    if (error instanceof GitError) return { ...result, findings: [explainGitError(repository, error), ...findings] };
    // A file of the git folder that may not be read is a finding like any other; without git at all nothing can be said.
    if (!isSystemError(error)) throw error;
    return { ...result, findings: [explainProblem(repository, problemOf(error)), ...findings] };
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** Repositories that were not asked for may still be the other half of a conflict. */
async function openOthers(fleet: Fleet, looked: readonly Looked[], parallelism: number): Promise<OpenedRepository[]> {
  const known = new Map<string, OpenedRepository>(looked.map((entry) => [entry.repository.name, entry]));
  return await mapLimited(
    fleet.repositories,
    parallelism,
    async (repository) => known.get(repository.name) ?? { repository, opened: await openWorkingTree(repository.path) },
  );
}

async function findEscapeOf(
  { repository, opened }: OpenedRepository,
  fleet: Fleet,
  roots: readonly string[],
): Promise<RepositoryFinding[]> {
  const { realPath = await resolveAsFarAsPossible(repository.path) } = opened.tree ?? opened;
  if (!isInside(realPath, roots)) {
    const escape = describeEscape(repository, realPath, [...roots, ...fleet.allowedRoots]);
    return [
      {
        code: "outside",
        severity: "error",
        message: `outside the allowed folders: ${explainEscape(escape, fleet.allowedRoots)}`,
        fix: "Move the repository below the fleet's root, or change `root` of the manifest. Git was not started there.",
      },
    ];
  }
  if (opened.tree?.linked !== true) return [];
  const gitFolder = await resolveAsFarAsPossible(opened.tree.commonDir);
  if (isInside(gitFolder, roots)) return [];
  return [
    {
      code: "gitFolderOutside",
      severity: "warning",
      message: `its git folder ${gitFolder} is outside the allowed folders, so commits are written there`,
      fix: "Clone it instead of linking to another repository.",
    },
  ];
}

function findSecret({ url }: Repository): RepositoryFinding[] {
  if (url === undefined || !holdsSecret(url)) return [];
  return [
    {
      code: "secretInUrl",
      severity: "warning",
      message: `its url holds a password or token in plain text: ${redactUrl(url)}`,
      fix: "Take it out of the manifest, revoke it, and let a git credential helper give it.",
    },
  ];
}

function judge(
  repository: Repository,
  findings: readonly RepositoryFinding[],
  facts: GitFacts | null,
): CheckedRepository {
  const has = (severity: string): boolean => findings.some((finding) => finding.severity === severity);
  const state = has("error") ? "error" : has("warning") ? "warning" : "ok";
  return { repository, state, findings, facts };
}

function countStates(checked: readonly CheckedRepository[]): FleetCheck["counts"] {
  const byCode: Partial<Record<FindingCode, number>> = {};
  for (const { findings } of checked) {
    for (const code of new Set(findings.map((finding) => finding.code))) byCode[code] = (byCode[code] ?? 0) + 1;
  }
  const count = (state: CheckedRepository["state"]): number => checked.filter((entry) => entry.state === state).length;
  return { total: checked.length, ok: count("ok"), warning: count("warning"), error: count("error"), byCode };
}
