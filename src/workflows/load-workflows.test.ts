import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadWorkflow, loadWorkflows, loadWorkflowTexts, unreadableFile } from "./load-workflows.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflows-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const valid = (name: string): string => `version: 1\nname: ${name}\njobs: { a: { steps: [{ run: x }] } }\n`;
const source = (): { folder: string; shownAs: string } => ({ folder, shownAs: "workflows" });

const put = async (files: Readonly<Record<string, string | Buffer>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
};

describe("loadWorkflows", () => {
  it("lists every file with its workflow or its error, in the order of names", async () => {
    await put({
      "b.yaml": valid("build"),
      "a.yml": valid("audit"),
      "broken.yaml": "version: 1\nname: broken\njobs: {}\n",
      "notes.txt": "no workflow",
      ".hidden.yaml": "no",
      "no-yaml.yaml": "name: half\n{",
      "bytes.yaml": Buffer.from([0xff, 0xfe, 0x00]),
      "big.yaml": `#${"x".repeat(1024 * 1024)}`,
    });
    await mkdir(join(folder, "folder.yaml"));
    await symlink("nowhere", join(folder, "link.yaml"));
    const loaded = await loadWorkflows(source());
    const shown = loaded.map((entry) => [
      entry.file,
      entry.name,
      entry.workflow === null ? entry.error.diagnostics[0]?.message : "fits",
    ]);
    expect(shown).toEqual([
      ["workflows/a.yml", "audit", "fits"],
      ["workflows/b.yaml", "build", "fits"],
      ["workflows/big.yaml", null, expect.stringContaining("larger than")],
      ["workflows/broken.yaml", "broken", "a workflow needs at least one job"],
      ["workflows/bytes.yaml", null, expect.stringContaining("not UTF-8")],
      ["workflows/folder.yaml", null, expect.stringContaining("it is a folder")],
      ["workflows/link.yaml", null, expect.stringContaining("a symbolic link that leads to nothing")],
      ["workflows/no-yaml.yaml", "half", expect.any(String)],
    ]);
  });

  it("refuses two files with one name, naming both", async () => {
    await put({ "one.yaml": valid("same"), "two.yaml": valid("same"), "three.yaml": valid("other") });
    const errors = (await loadWorkflows(source())).map((entry) =>
      entry.workflow === null ? entry.error.message : "fits",
    );
    expect(errors).toEqual([
      expect.stringContaining('workflows/one.yaml:2:7  workflows/two.yaml is called "same" too'),
      "fits",
      expect.stringContaining('workflows/two.yaml:2:7  workflows/one.yaml is called "same" too'),
    ]);
  });

  it("takes a folder that is not there as empty, and says why another cannot be read", async () => {
    expect(await loadWorkflows({ folder: join(folder, "none"), shownAs: "none" })).toEqual([]);
    await put({ file: "" });
    await expect(loadWorkflows({ folder: join(folder, "file"), shownAs: "file" })).rejects.toMatchObject({
      code: "WORKFLOWS_UNREADABLE",
    });
  });
});

describe("loadWorkflowTexts", () => {
  it("loads texts that are at hand, and says which could not be read", async () => {
    const loaded = await loadWorkflowTexts(
      [
        { file: "one.yaml", text: valid("one") },
        { file: "two.txt", text: valid("two") },
        unreadableFile("three.yaml", "there is no such file"),
        { file: "./one.yaml", text: valid("one") },
      ],
      {},
    );
    expect(loaded.map((entry) => (entry.workflow === null ? entry.error.message : entry.name))).toEqual([
      expect.stringContaining('./one.yaml is called "one" too'),
      "two",
      "three.yaml:1:1  this file cannot be read: there is no such file",
      expect.stringContaining('one.yaml is called "one" too'),
    ]);
  });
});

describe("loadWorkflow", () => {
  it("finds a workflow by the name in its file, whatever stands beside it", async () => {
    await put({
      "file.yaml": valid("audit"),
      "broken.yaml": "jobs: [",
      "twin-1.yaml": valid("twin"),
      "twin-2.yaml": valid("twin"),
    });
    expect((await loadWorkflow(source(), "audit")).name).toBe("audit");
  });

  it("shows what is wrong with the file, or that two files have the name", async () => {
    await put({
      "broken.yaml": "version: 1\nname: broken\njobs: {}\n",
      "twin-1.yaml": valid("twin"),
      "twin-2.yaml": valid("twin"),
    });
    await expect(loadWorkflow(source(), "broken")).rejects.toThrow("at least one job");
    await expect(loadWorkflow(source(), "twin")).rejects.toThrow('workflows/twin-2.yaml is called "twin" too');
  });

  it("names the nearest workflow, or says that there is none", async () => {
    await expect(loadWorkflow(source(), "audit")).rejects.toMatchObject({
      code: "WORKFLOW_NOT_FOUND",
      message: 'no workflow "audit": workflows holds no *.yaml file',
    });
    await expect(loadWorkflow({ ...source(), folder: "/nowhere/at/all" }, "audit")).rejects.toThrow(
      'no workflow "audit": there is no folder workflows',
    );
    await mkdir(join(source().folder, "folder.yaml"));
    await expect(loadWorkflow(source(), "folder")).rejects.toThrow("this file cannot be read: it is a folder");
    await put({ "a.yaml": valid("audit") });
    await expect(loadWorkflow(source(), "adit")).rejects.toThrow('no workflow "adit": did you mean "audit"?');
    // The file's text holds the word, its name is another.
    await expect(loadWorkflow(source(), "version")).rejects.toThrow('no workflow "version"');
  });
});
