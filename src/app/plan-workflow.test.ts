import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";
import { loadConfig } from "../config/load-config.ts";
import { messageOf } from "../lib/errors.ts";
import { openApp } from "./open-app.ts";
import { perform } from "./perform.ts";
import { planRun } from "./use-cases/plan-run.ts";

const sweep = (select: string): string =>
  `version: 1\nname: look\njobs: { a: { sweep: { select: "${select}" }, checkout: inPlace, steps: [{ id: x, run: ls }] } }\n`;

describe("planning a workflow", () => {
  it("lets nothing stand in the way that -s leaves out", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("outside"));
    const root = folder.join("workspace");
    mkdirSync(root);
    makeRepository(folder.join("workspace/fine"));
    symlinkSync("../outside", folder.join("workspace/link"));
    writeFiles(root, {
      "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n",
      "repos.yaml": "version: 1\nrepos:\n  fine: {}\n  link: {}\n  gone: {}\n",
      "workflows/look.yaml": sweep("!dirty"),
      "workflows/all.yaml": sweep("name:*").replace("name: look", "name: all"),
    });
    const cwd = root;
    const plan = async (...words: string[]): Promise<{ readonly exitCode: number; readonly stderr: string }> =>
      await runCaptured(["plan", ...words], { cwd });
    expect(await plan("look", "-s", "!name:link && !name:gone")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await plan("all", "-s", "!name:link && !name:gone")).toMatchObject({ exitCode: 0, stderr: "" });
    const undecided = await plan("look", "-s", "!name:link");
    expect(undecided.stderr).toContain("it cannot be told whether 1 repository is picked:\n  gone: ");
    const outside = await plan("all", "-s", "!name:gone");
    expect(outside.exitCode).toBe(1);
    expect(outside.stderr).toMatch(
      /^repos\.yaml:4:3 {2}repository "link" is outside .*\n {4}4 \| {3}link: .*\n {6}\| {3}\^{4}\n/,
    );
  });
});

describe("planning by somebody who may see a part of the fleet", () => {
  it("tells nothing of the rest, whatever is selected", async () => {
    using folder = makeFolder();
    makeRepository(folder.join("fine"));
    writeFiles(folder.path, {
      "mahavishnu.yaml":
        "version: 1\nauth: { enabled: false }\naccess: { bindings: [{ subject: 'user:rolf', role: runner, where: 'tag:mine' }] }\n",
      // Nobody can tell of the hidden one whether it is dirty.
      "repos.yaml":
        "version: 1\nrepos: { fine: { tags: [mine] }, ledger: { tags: [theirs] } }\nselectors: { books: 'name:ledger' }\n",
      "workflows/look.yaml": sweep("!dirty"),
      "workflows/mine.yaml": sweep("tag:mine").replace("name: look", "name: mine"),
    });
    const loaded = await loadConfig({ workspace: folder.path, env: process.env, set: [] });
    await using app = openApp({ loaded, env: process.env, subject: { name: "user:rolf", groups: [] } });
    const plan = async (workflow: string, select?: string): Promise<string> => {
      try {
        const input = { workflow, inputs: {}, ...(select === undefined ? {} : { select }) };
        return Object.keys((await perform(app, planRun, input)).repositories).join();
      } catch (error) {
        return messageOf(error);
      }
    };
    const refusal = "user:rolf may not see all that look touches";
    expect(await plan("mine")).toBe("fine");
    expect(await plan("look")).toBe(refusal);
    expect(await lastAudit(app)).toMatchObject({ decision: "denied", action: "workflows:read", reason: refusal });
    // What there is and is not shown, and what there is not: both alike.
    const nothing = (name: string): string =>
      `--select picks nothing that user:rolf may see: ${name} fits no repository`;
    for (const select of ["name:ledger", "name:led*", "tag:theirs", "name:nonesuch"]) {
      expect(await plan("look", select)).toBe(nothing(select));
    }
    expect(await lastAudit(app)).toMatchObject({ decision: "denied", reason: nothing("name:nonesuch") });
    expect(await plan("look", "@books")).toBe("--select picks nothing that user:rolf may see");
    for (const other of ["name:led*", "name:nonesuch", "dirty", "changed:nonesuch && tag:theirs", "needs:ledger"]) {
      expect(await plan("look", `name:fine || ${other}`), other).toBe("fine");
    }
    expect(await plan("look", "needs:ledge")).toBe("--select picks nothing that user:rolf may see");
  });
});

/** The newest entry of the audit trail. */
async function lastAudit(app: ReturnType<typeof openApp>): Promise<object | undefined> {
  const [entry] = await (await app.store()).listAudit({ limit: 1, newestFirst: true });
  return entry;
}
