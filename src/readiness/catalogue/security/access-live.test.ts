import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { Permission } from "../../../access/permissions.ts";
import { perform } from "../../../app/perform.ts";
import { UseCase } from "../../../app/use-case.ts";
import type { Outcome } from "../../types.ts";
import { askTheDoor, type Door } from "./ask-the-door.ts";
import { sec003 } from "./sec003-access-controls.ts";

let stage: Stage;
const repos = { "repos.yaml": "version: 1\nrepos: { gateway: { tags: [team/edge] } }\n" };
beforeAll(async () => {
  stage = await openStage("auth: { enabled: false }\n", repos);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe("SEC003, live", () => {
  const judge = async (door?: Door): Promise<Outcome> => await askTheDoor(stage.context(), door);

  it("is green at the real door", async () => {
    const outcome = await judge();
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
  });

  it("is red when everybody may read", async () => {
    const outcome = await judge(async (app, useCase, input) => {
      if (!useCase.permission.endsWith(":read")) return await perform(app, useCase, input);
      return await (await UseCase.begin(useCase, app, input)).run();
    });
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toContain("(viewer) may access:read on inside");
  });

  it("is red when one role has one right too many", async () => {
    const outcome = await judge(async (app, useCase, input) => {
      const slips = app.subject.name === "user:runner" && useCase.permission === ("runs:cancel" satisfies Permission);
      return await perform(slips ? { ...app, subject: { name: "user:admin", groups: [] } } : app, useCase, input);
    });
    expect(outcome.reason).toMatch(/^6 of \d+ decisions are wrong: user:runner \(runner\) may runs:cancel on inside$/);
  });

  it("is red when scopes are not looked at", async () => {
    const outcome = await judge(async (app, useCase, input) => {
      const subject = { ...app.subject, name: app.subject.name.replace("scoped-", "") };
      return await perform({ ...app, subject }, useCase, input);
    });
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    expect(outcome.reason).toContain("for a part of the fleet,) may");
  });

  it("is red when nobody may do anything", async () => {
    const outcome = await judge(
      async (app, useCase, input) =>
        await perform({ ...app, subject: { name: "user:none", groups: [] } }, useCase, input),
    );
    expect(outcome.reason).toContain("may not");
  });

  it("is red when a refusal is not written down", async () => {
    let first = true;
    const outcome = await judge(async (app, useCase, input) => {
      const store = await app.store();
      const silent = {
        ...app,
        store: async () => await Promise.resolve({ ...store, appendAudit: async () => undefined }),
      };
      const once = first;
      first = false;
      return await perform(once ? silent : app, useCase, input);
    });
    expect(outcome).toMatchObject({
      status: "fail",
      reason: "the audit trail tells other decisions than those that were made",
    });
  });
});

describe("SEC003, static", () => {
  const judge = async (access: string): Promise<Outcome | undefined> => {
    await using other = await openStage(`auth: { enabled: false }\naccess: ${access}\n`, repos);
    return await sec003.static?.(other.context(), null);
  };

  it.each([
    ["green without bindings", "{}", "pass"],
    [
      "green when every scope holds a repository",
      "{ bindings: [{ subject: 'user:a', role: viewer, where: 'tag:team' }] }",
      "pass",
    ],
    [
      "a warning when a scope holds none",
      "{ bindings: [{ subject: 'user:a', role: viewer, where: 'name:nothing*' }] }",
      "warn",
    ],
  ])("is %s", async (_what, access, status) => {
    expect(await judge(access)).toMatchObject({ status });
  });
});
