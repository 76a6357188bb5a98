import { type Permission, permissions } from "../access/permissions.ts";
import { isSubjectName, type Subject } from "../access/subject.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { selectRepositories } from "../repositories/select-repositories.ts";
import type { AppContext } from "./app-context.ts";
import { readRun } from "./find-run.ts";
import { readLastResults } from "./last-results.ts";
import { describeWorkflowFolder } from "./workflow-folder.ts";

/** @throws MahavishnuError USAGE when there is no such permission. */
export function readPermission(text: string): Permission {
  const found = permissions.find((permission) => permission === text);
  if (found !== undefined) return found;
  throw new MahavishnuError("USAGE", `there is no action ${JSON.stringify(text)}`, {
    fix: didYouMean(text, permissions),
  });
}

/**
 * Somebody to ask about: `user:dana`, `service:ci`, `local:ada`; `group:edge` for whoever is in it; `token:ID` for whoever shows it.
 *
 * @param groups what else they would be in
 * @throws MahavishnuError USAGE or TOKEN_NOT_FOUND
 */
export async function readSubject(context: AppContext, text: string, groups: readonly string[]): Promise<Subject> {
  const [, kind, name = ""] = /^(local|user|service|group|token):(.*)$/su.exec(text) ?? [];
  const wrong = [
    ...(kind === undefined || !isSubjectName(name) ? [text] : []),
    ...groups.filter((group) => !isGroup(group)),
  ];
  if (wrong[0] !== undefined) {
    const fix = "Name somebody as user:dana, service:ci, local:ada, group:edge or token:ID.";
    throw new MahavishnuError("USAGE", `${JSON.stringify(wrong[0])} is nobody`, { fix });
  }
  // As a name a group has no bindings, so these are of whoever is in it.
  if (kind === "group") return { name: text, groups: [text, ...groups] };
  if (kind !== "token") return { name: text, groups };
  const row = await (await context.history()).getToken(name);
  if (row === null) throw new MahavishnuError("TOKEN_NOT_FOUND", `there is no token ${JSON.stringify(name)}`);
  const { id, subject, role, scope } = row;
  const binding = role === null ? null : { role, ...(scope === null ? {} : { where: scope }) };
  return { name: subject, groups, token: { id, binding } };
}

function isGroup(text: string): boolean {
  return text.startsWith("group:") && isSubjectName(text.slice("group:".length));
}

/** Something to ask about: its name, and the repositories that it touches; none for the whole workspace. */
export interface AskedResource {
  readonly name: string;
  readonly repositories: readonly string[];
}

/**
 * A repository by its name, `run:ID`, `workflow:NAME`, or the whole workspace when nothing is named.
 *
 * @throws MahavishnuError USAGE, RUN_NOT_FOUND or WORKFLOW_NOT_FOUND
 */
export async function readResource(context: AppContext, text: string | undefined): Promise<AskedResource> {
  if (text === undefined) return { name: "workspace", repositories: [] };
  if (text.startsWith("run:")) {
    const { state } = await readRun(context, text.slice("run:".length));
    return { name: `run:${state.id}`, repositories: Object.keys(state.plan.repositories) };
  }
  if (text.startsWith("workflow:")) return await readWorkflow(context, text.slice("workflow:".length));
  const fleet = await context.fleet();
  if (fleet.byName.has(text)) return { name: text, repositories: [text] };
  const fix = `${didYouMean(text, [...fleet.byName.keys()])} A resource is a repository, run:ID or workflow:NAME.`;
  throw new MahavishnuError("USAGE", `there is no repository ${JSON.stringify(text)}`, { fix });
}

/** All that its sweeps select: what a run of it would touch, whatever its inputs. */
async function readWorkflow(context: AppContext, text: string): Promise<AskedResource> {
  const { loadWorkflow } = await import("../workflows/load-workflows.ts");
  const { name, jobs } = await loadWorkflow(await describeWorkflowFolder(context), text);
  const fleet = await context.fleet();
  const lastResults = readLastResults(context);
  const touched = new Set<string>();
  for (const { id, sweep } of jobs) {
    if (sweep === undefined) continue;
    const { repositories } = await selectRepositories(fleet, sweep.select, {
      file: `${name}, sweep of ${id}`,
      lastResults,
    });
    for (const repository of repositories) touched.add(repository.name);
  }
  return { name: `workflow:${name}`, repositories: [...touched] };
}
