import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AppContext } from "../../../app/app-context.ts";
import { perform } from "../../../app/perform.ts";
import type { Config } from "../../../config/schema.ts";
import type { AuditEntry } from "../../../store/audit-contract.ts";
import { proveTests } from "../prove-tests-fixture.ts";
import type { Door, DoorWorld } from "./door-world.ts";
import { everyAct } from "./every-act.ts";
import { denyStrangers } from "./ir1.ts";
import { keepMatrix } from "./ir2.ts";
import { keepScope } from "./ir3.ts";
import { changeTakesEffect } from "./ir4.ts";
import { refuseEscalation } from "./ir6.ts";
import { auditDenials } from "./ir8.ts";

/** A door that lets the real one decide about something else than it was asked. */
function wrongDoor(change: (app: AppContext) => AppContext): Door {
  return async (app, useCase, input) => await perform(change(app), useCase, input);
}

const named = (app: AppContext, name: string): AppContext => ({ ...app, subject: { ...app.subject, name } });

function withBindings(app: AppContext, bindings: Config["access"]["bindings"]): AppContext {
  const { loaded } = app;
  // Spread by hand: the digest is a getter.
  const access = { ...loaded.config.access, bindings };
  return { ...app, loaded: { ...loaded, digest: loaded.digest, config: { ...loaded.config, access } } };
}

function withAudit(
  app: AppContext,
  append: (entry: AuditEntry, keep: (entry: AuditEntry) => Promise<void>) => Promise<void>,
): AppContext {
  return {
    ...app,
    store: async () => {
      const store = await app.store();
      return { ...store, appendAudit: async (entry) => await append(entry, store.appendAudit) };
    },
  };
}

const open = wrongDoor((app) => named(app, app.localOwner ?? ""));
const closed = wrongDoor((app) => withBindings(app, []));
const unscoped = wrongDoor((app) =>
  withBindings(
    app,
    app.loaded.config.access.bindings.map(({ subject, role }) => ({ subject, role })),
  ),
);
const careless = wrongDoor((app) => named(app, app.subject.name.trim()));
const silent = wrongDoor((app) => withAudit(app, async () => await Promise.resolve()));
const forgetful = wrongDoor((app) =>
  withAudit(app, async (entry, keep) => await keep({ ...entry, actor: "somebody" })),
);

/** Decides for ever by the first bindings that it has seen. */
function stubborn(): Door {
  let first: Config["access"]["bindings"] | undefined;
  return wrongDoor((app) => withBindings(app, (first ??= app.loaded.config.access.bindings)));
}

proveTests<Door>([
  { id: "IR1", body: denyStrangers, faults: { "the door is open": { given: open } } },
  {
    id: "IR2",
    body: keepMatrix,
    faults: { "the door is open": { given: open }, "the door is closed": { given: closed } },
  },
  {
    id: "IR3",
    body: keepScope,
    faults: { "scopes are not looked at": { given: unscoped }, "nothing is allowed inside": { given: closed } },
  },
  { id: "IR4", body: changeTakesEffect, faults: { "a decision is remembered": { given: stubborn() } } },
  { id: "IR6", body: refuseEscalation, faults: { "names are compared carelessly": { given: careless } } },
  {
    id: "IR8",
    body: auditDenials,
    faults: { "refusals are not written down": { given: silent }, "somebody else is named": { given: forgetful } },
  },
]);

describe("the list of every act", () => {
  it("holds each use-case of the sources, once", async () => {
    const root = join(import.meta.dirname, "../../..");
    const defined: string[] = [];
    for await (const path of glob("{app,readiness}/**/*.ts", {
      cwd: root,
      exclude: (name) => name.endsWith(".test.ts"),
    })) {
      const text = await readFile(join(root, path), "utf8");
      defined.push(
        ...[...text.matchAll(/^export const (\w+) = (?:define(?:Prepared)?UseCase|makeExplainCheck)[<(]/gm)].map(
          (match) => match[1] ?? "",
        ),
      );
    }
    const world = { workspace: { folder: "" }, runs: { both: "", alpha: "", beta: "" } } as unknown as DoorWorld;
    expect(defined.length).toBeGreaterThan(15);
    expect(
      everyAct(world)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(defined.toSorted());
  });
});
