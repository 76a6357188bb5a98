import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { errorCatalogue } from "../src/lib/error-catalogue.ts";
import { buildTestProgram, findCommand, readCommandLines } from "./support/command-lines.ts";

const root = join(import.meta.dirname, "..");

async function readAll(pattern: string): Promise<{ path: string; text: string }[]> {
  const files: { path: string; text: string }[] = [];
  for await (const path of glob(pattern, { cwd: root, exclude: ["node_modules/**", "demo/**"] })) {
    files.push({ path, text: await readFile(join(root, path), "utf8") });
  }
  return files;
}

const pages = await readAll("{*.md,docs/**/*.md}");
const written = pages.filter(({ path }) => !path.startsWith("docs/reference/"));
const sources = (await readAll("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"));
const examples = await readAll("examples/**/*.yaml");

describe("nothing documented is missing", () => {
  it("links of all pages lead to files that exist", () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? "")
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(pages.length).toBeGreaterThan(5);
    expect(broken).toEqual([]);
  });

  it("command lines of all pages and examples name commands and flags that exist", () => {
    const program = buildTestProgram();
    const lines = [...written, ...examples, ...sources].flatMap(({ path, text }) =>
      readCommandLines(text).map((line) => ({ path, line })),
    );
    const wrong = lines.flatMap(({ path, line }) => {
      const problem = findCommand(program, line);
      return problem === undefined ? [] : [`${path}: ${line}: ${problem}`];
    });
    expect(lines.length).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });

  it("npm scripts that pages name exist", async () => {
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = written.flatMap(({ text }) =>
      [...text.matchAll(/`npm run ([\w:-]+)/g)].map((match) => match[1] ?? ""),
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});

describe("the published schemas", () => {
  it.each([
    ["config.v1.json", "examples/workspace/mahavishnu.yaml"],
    ["repos.v1.json", "examples/workspace/repos.yaml"],
    ["workflow.v1.json", "examples/workspace/workflows/survey.yaml"],
    ["workflow.v1.json", "examples/demo/workflows/inventory.yaml"],
    ["workflow.v1.json", "examples/demo/workflows/add-editorconfig.yaml"],
  ])("%s accepts %s, and not with a key it does not know", async (schema, example) => {
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(
      JSON.parse(await readFile(join(root, "schemas", schema), "utf8")) as object,
    );
    const content = parse(await readFile(join(root, example), "utf8")) as object;
    expect(validate(content), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...content, unheardOf: true })).toBe(false);
  });
});

describe("nothing is undocumented", () => {
  it("every error code is one that something raises", () => {
    const all = sources
      .filter(({ path }) => path !== "src/lib/error-catalogue.ts")
      .map(({ text }) => text)
      .join("\n");
    expect(Object.keys(errorCatalogue).filter((code) => !all.includes(`"${code}"`))).toEqual([]);
  });

  it("every page of docs/ is listed in its index", async () => {
    const index = await readFile(join(root, "docs/README.md"), "utf8");
    const names = written
      .map(({ path }) => path)
      .filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== "docs/README.md");
    expect(names.filter((path) => !index.includes(`(${path.slice("docs/".length)})`))).toEqual([]);
  });
});
