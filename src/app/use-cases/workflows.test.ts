import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { listWorkflows, showWorkflow, validateWorkflows } from "./workflows.ts";

const sound = (name: string): string => `version: 1\nname: ${name}\njobs: { j: { steps: [{ run: x }] } }\n`;

let workspace: string;
let app: AppContext;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "workflows-"));
  await mkdir(join(workspace, "workflows"));
  await writeFile(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  await writeFile(join(workspace, "workflows/one.yaml"), sound("one"));
  await writeFile(join(workspace, "workflows/bad.yaml"), "version: 1\nname: bad\njobs: {}\n");
  app = openApp({ loaded: await loadConfig({ workspace, env: {}, set: [] }), env: {} });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await rm(workspace, { recursive: true, force: true });
});

describe("documents of workflows", () => {
  it("are plain JSON", async () => {
    const list = await perform(app, listWorkflows, {});
    const one = await perform(app, showWorkflow, { name: "one" });
    const validation = await perform(app, validateWorkflows, {});
    for (const document of [list, one, validation]) expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(list.items).toMatchObject([
      { name: "bad", valid: false },
      { name: "one", valid: true },
    ]);
    expect(validation).toMatchObject({ valid: false, files: [{ valid: false }, { valid: true, problems: [] }] });
  });
});

describe("files that are given to be checked", () => {
  it("take the place of those in the folder, by any way to write it", async () => {
    for (const file of [
      "workflows/bad.yaml",
      "workflows/../workflows/bad.yaml",
      join(workspace, "workflows/bad.yaml"),
    ]) {
      expect(await perform(app, validateWorkflows, { files: [{ file, text: sound("mended") }] })).toEqual({
        valid: true,
        files: [{ file: "workflows/bad.yaml", name: "mended", valid: true, problems: [] }],
      });
    }
  });

  it("are held against the names of the folder, a new file of it too", async () => {
    const file = "workflows/new.yaml";
    const { files } = await perform(app, validateWorkflows, { files: [{ file, text: sound("one") }] });
    expect(files).toMatchObject([{ file, valid: false, problems: [{ line: 2, column: 7 }] }]);
    expect(files[0]?.problems[0]?.message).toBe('workflows/one.yaml is called "one" too');
    const elsewhere = { files: [{ file: "elsewhere/new.yaml", text: sound("one") }] };
    expect(await perform(app, validateWorkflows, elsewhere)).toMatchObject({ valid: true });
  });

  it("are all that is read: a path of a file with secrets tells nothing of it", async () => {
    const secret = join(workspace, "secret.yaml");
    await writeFile(secret, "password: hunter2\n");
    const given = [
      { file: secret, text: "" },
      { file: "/etc/passwd", text: "version: 1" },
      { file: "../../etc/passwd", unreadable: "permission denied" },
    ];
    const document = await perform(app, validateWorkflows, { files: given });
    expect(document.files.map(({ valid, name }) => [valid, name])).toEqual(given.map(() => [false, null]));
    expect(document.files[2]?.problems[0]?.message).toBe("this file cannot be read: permission denied");
    expect(JSON.stringify(document)).not.toMatch(/hunter2|root:/);
  });

  it("may be none", async () => {
    expect(await perform(app, validateWorkflows, { files: [] })).toEqual({ valid: true, files: [] });
  });
});
