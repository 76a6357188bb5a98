import { randomBytes } from "node:crypto";
import { authorize, type Binding } from "../../../access/authorize.ts";
import { type Permission, permissions } from "../../../access/permissions.ts";
import type { Subject } from "../../../access/subject.ts";
import type { AppContext } from "../../../app/app-context.ts";
import { openApp } from "../../../app/open-app.ts";
import { perform } from "../../../app/perform.ts";
import { defineUseCase, type Resource } from "../../../app/use-case.ts";
import { type LoadedConfig, loadConfig } from "../../../config/load-config.ts";
import { MahavishnuError } from "../../../lib/errors.ts";
import { describeFleet } from "../../../repositories/fleet-subjects.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { documented } from "./documented-roles.ts";

/** The one door of the product; a test hands in a broken one. */
export type Door = typeof perform;

/** What an act may be about, and whether a right that is scoped to the repository `inside` is enough for it. */
const resources: readonly (readonly [name: string, repositories: Resource["repositories"], inScope: boolean])[] = [
  ["inside", ["inside"], true],
  ["outside", ["outside"], false],
  ["both", ["inside", "outside"], false],
  ["a stranger", ["unheard-of"], false],
  ["the workspace", undefined, false],
  ["whatever is visible", "any", true],
];

interface Asker {
  readonly subject: Subject;
  readonly role: string | null;
  readonly scoped: boolean;
}

/** Every role, bound to a user, to a user for a part of the fleet, and to a group; and who has no role. */
function makeAskers(): { readonly askers: readonly Asker[]; readonly bindings: readonly Binding[] } {
  const askers: Asker[] = [];
  const bindings: Binding[] = [];
  for (const role of Object.keys(documented)) {
    bindings.push({ subject: `user:${role}`, role }, { subject: `group:${role}`, role });
    bindings.push({ subject: `user:scoped-${role}`, role, where: "tag:team/mine" });
    askers.push({ subject: { name: `user:${role}`, groups: [] }, role, scoped: false });
    askers.push({ subject: { name: `user:member`, groups: [`group:${role}`] }, role, scoped: false });
    askers.push({ subject: { name: `user:scoped-${role}`, groups: [] }, role, scoped: true });
  }
  for (const name of ["user:nobody", "group:admin", "admin", ""]) {
    askers.push({ subject: { name, groups: [] }, role: null, scoped: false });
  }
  return { askers, bindings };
}

/** A group's name is no name of a subject, even though a binding has it. */
function mayDo({ role, scoped }: Asker, permission: Permission, inScope: boolean): boolean {
  const rights = role === null ? [] : (documented[role] ?? []);
  return (rights === "all" || rights.includes(permission)) && (!scoped || inScope);
}

/** Asks the door for every cell of the matrix, in a workspace of its own, and compares the answers with the documented table. */
export async function askTheDoor(context: CheckContext, door: Door = perform): Promise<Outcome> {
  return await actInScratch(context, "sec003", async (act) => {
    const workspace = await act.workspace({
      repositories: ["inside", "outside"],
      manifest: { inside: { tags: ["team/mine"] }, outside: { tags: ["team/theirs"] } },
      workflows: {},
    });
    const { askers, bindings } = makeAskers();
    const read = await loadConfig({ workspace: workspace.folder, env: {}, set: [] });
    // No file may name an unknown role; the door must not rely on that.
    const access: LoadedConfig["config"]["access"] = { roles: {}, bindings: [...bindings] };
    const loaded = { ...read, config: { ...read.config, access } };
    await using app = openApp({ loaded, env: {} });
    const decided = new Tally();
    const wrong: string[] = [];
    for (const asker of askers) {
      act.signal.throwIfAborted();
      const asked = permissions.flatMap((permission) => resources.map((resource) => ({ permission, resource })));
      const answers = await Promise.all(
        asked.map(async ({ permission, resource: [what, repositories, inScope] }) => {
          const allowed = await ask(door, { ...app, subject: asker.subject }, permission, repositories);
          decided.add(asker.subject.name, permission, allowed ? "allowed" : "denied");
          if (allowed === mayDo(asker, permission, inScope)) return [];
          const scope = asker.scoped ? ", for a part of the fleet," : "";
          const who = `${asker.subject.name} (${asker.role ?? "no role"}${scope})`;
          return [`${who} ${allowed ? "may" : "may not"} ${permission} on ${what}`];
        }),
      );
      wrong.push(...answers.flat());
    }
    expectMet(wrong.length === 0, `${wrong.length} of ${decided.total} decisions are wrong: ${wrong[0]}`, {
      expected: "the documented table of roles",
      observed: wrong.slice(0, 10).join("; "),
      evidence: wrong.slice(0, 50).map((text) => ({ kind: "value", text })),
    });
    const audited = await readTrail(app);
    expectSame(audited.entries(), decided.entries(), "the audit trail tells other decisions than those that were made");
    await expectOwnDefaults(context);
    return { status: "pass", reason: `the door decided ${decided.total} questions as documented, and wrote each down` };
  });
}

/** Whether an act was let through. Acts that write leave a trail both when they are allowed and when they are not. */
async function ask(
  door: Door,
  app: AppContext,
  permission: Permission,
  repositories: Resource["repositories"],
): Promise<boolean> {
  let acted = false;
  const useCase = defineUseCase<null, void>({
    name: "askTheDoor",
    permission,
    writes: true,
    resource: () => ({ name: "readiness:SEC003", ...(repositories === undefined ? {} : { repositories }) }),
    run: async () => {
      acted = true;
      await Promise.resolve();
    },
  });
  try {
    await door(app, useCase, null);
  } catch (error) {
    if (!(error instanceof MahavishnuError) || error.code !== "ACCESS_DENIED") throw error;
    expectMet(!acted, `${app.subject.name} was refused ${permission} after it was done`);
    return false;
  }
  return acted;
}

/** How often each decision was made. */
class Tally {
  readonly #counts = new Map<string, number>();
  total = 0;

  add(actor: string, permission: string, decision: string): void {
    const key = `${actor} ${permission} ${decision}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.total += 1;
  }

  /** In the order of their names. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}

async function readTrail(app: AppContext): Promise<Tally> {
  const store = await app.store();
  const tally = new Tally();
  for (let afterSeq = 0; ;) {
    const page = await store.listAudit({ afterSeq, limit: 1_000 });
    for (const { actor, action, decision } of page) tally.add(actor, action, decision);
    const last = page.at(-1);
    if (last === undefined) return tally;
    afterSeq = last.seq;
  }
}

/** Under the user's own bindings too, who is nobody may do nothing. */
async function expectOwnDefaults(context: CheckContext): Promise<void> {
  const { bindings, roles } = (await context.config()).config.access;
  const fleet = await context.fleet();
  const policy = { localOwner: null, bindings, roles, selectors: fleet.selectors };
  const subject = { name: `user:nobody-${randomBytes(8).toString("hex")}`, groups: [] };
  const subjects = fleet.repositories.map(describeFleet(fleet));
  for (const permission of permissions) {
    for (const repositories of [undefined, "any" as const, ...subjects.map((repository) => [repository])]) {
      const { allowed, reason } = authorize(policy, { subject, permission, repositories });
      expectMet(!allowed, `under access.bindings, somebody without a role may ${permission}`, { observed: reason });
    }
  }
}
