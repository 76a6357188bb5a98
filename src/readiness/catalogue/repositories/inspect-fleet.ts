import { checkFleet } from "../../../repositories/check-repositories.ts";
import type { FindingsByName } from "../../../repositories/find-conflicts.ts";
import { explainFacts, explainProblem } from "../../../repositories/explain-tree.ts";
import type { FindingCode, RepositoryFinding } from "../../../repositories/findings.ts";
import { findLocks, findOperation } from "../../../repositories/git-facts.ts";
import { readHeadOf } from "../../../repositories/read-head.ts";
import type { Fleet, Repository } from "../../../repositories/types.ts";
import { openWorkingTree, type WorkingTree } from "../../../repositories/working-tree.ts";
import { mapLimited } from "../../../lib/semaphore.ts";
import { messageOf } from "../../../lib/errors.ts";
import type { CheckContext } from "../../context.ts";
import type { ProbeBody, Targets } from "../../definition.ts";
import type { Outcome, Target } from "../../types.ts";

/** One repository as its files tell about it, without a git process. */
export interface InspectedRepository {
  readonly repository: Repository;
  /** Undefined where there is none. */
  readonly tree: WorkingTree | undefined;
  readonly findings: readonly RepositoryFinding[];
}

/** Folders that are touched at once: the first touch of each may wait for a disk. */
const atOnce = 16;

/** What is wrong with the paths of the manifest, looked up once for all checks. */
export async function checkPaths(context: CheckContext, fleet: Fleet): Promise<FindingsByName> {
  return await context.once("checkFleet", async () => await checkFleet(fleet));
}

/** Looks at all repositories of the fleet once, for all checks: files are read, no git process is started. */
async function inspectFleet(context: CheckContext): Promise<ReadonlyMap<string, InspectedRepository>> {
  return await context.once("inspectFleet", async () => {
    const fleet = await context.fleet();
    const conflicts = await checkPaths(context, fleet);
    const inspected = await mapLimited(fleet.repositories, atOnce, async (repository) => {
      const own = conflicts.get(repository.name) ?? [];
      // What lies outside the allowed folders is not looked into.
      if (own.some(({ code }) => code === "outside")) return { repository, tree: undefined, findings: own };
      const opened = await openWorkingTree(repository.path);
      if (opened.tree === undefined)
        return { repository, tree: undefined, findings: [...own, explainProblem(repository, opened)] };
      return {
        repository,
        tree: opened.tree,
        findings: [...own, ...(await inspectTree(repository, opened.tree, context.signal))],
      };
    });
    return new Map(inspected.map((entry) => [entry.repository.name, entry]));
  });
}

async function inspectTree(
  repository: Repository,
  tree: WorkingTree,
  signal: AbortSignal,
): Promise<RepositoryFinding[]> {
  try {
    const head = await readHeadOf(tree, { signal });
    const facts = { ...head, upstream: null, ahead: 0, behind: 0, changed: 0 };
    return explainFacts(repository, { ...facts, locks: findLocks(tree, Date.now()), operation: findOperation(tree) });
  } catch (error) {
    signal.throwIfAborted();
    const fix = `See git -C ${repository.path} status.`;
    return [{ code: "broken", severity: "error", message: `${repository.path}: ${messageOf(error)}`, fix }];
  }
}

/** One target for each repository of the fleet. */
export async function eachRepository(context: CheckContext): Promise<Targets> {
  const { repositories } = await context.fleet();
  return {
    targets: repositories.map(({ name, optional }) => ({ target: { kind: "repository", name }, optional })),
    none: "the manifest names no repository: see RPO004",
  };
}

/** One repository, as its files tell about it. */
export async function inspectRepository(context: CheckContext, target: Target | null): Promise<InspectedRepository> {
  const inspected = (await inspectFleet(context)).get(target?.name ?? "");
  if (inspected === undefined) throw new Error(`the fleet has no repository ${target?.name ?? "without a name"}`);
  return inspected;
}

/** The probe of a check that looks for some kinds of findings; a finding that is only a warning or a note stays one. */
export function lookFor(codes: readonly FindingCode[], good: (inspected: InspectedRepository) => string): ProbeBody {
  return async (context, target) => {
    const inspected = await inspectRepository(context, target);
    const own = inspected.findings.filter(({ code, severity }) => codes.includes(code) && severity !== "note");
    return own.length === 0 ? { status: "pass", reason: good(inspected) } : explainFindings(own);
  };
}

/** The outcome that findings make. */
export function explainFindings(findings: readonly RepositoryFinding[]): Outcome {
  const [first] = findings;
  const fails = findings.some(({ severity }) => severity === "error");
  return {
    status: fails ? "fail" : "warn",
    reason: findings.map(({ message }) => message).join("; "),
    evidence: findings.map(({ message }) => ({ kind: "file", text: message })),
    ...(first === undefined ? {} : { remediation: { text: first.fix } }),
  };
}
