import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { makeFolder, makeRepository, writeFiles } from "../../test/support/git-fixture.ts";

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
