import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeManifestJsonSchema } from "./json-schema.ts";
import { renderManifestReference } from "./reference.ts";
import { Manifest, notBuiltKeys } from "./schema.ts";

describe("the manifest's reference and JSON Schema", () => {
  const page = renderManifestReference();
  const example = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? "";

  it("describes every key", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) expect(row).toMatch(/^\| `[\w.]+` \| \S.* \| \S.* \|$/);
    for (const key of Object.keys(Manifest.shape)) expect(page).toContain(`| \`${key}\` |`);
    for (const key of Object.keys(notBuiltKeys)) expect(page).not.toContain(`| \`${key.replace("*", "NAME")}\` |`);
  });

  it("shows an example that is valid, also for the JSON Schema", () => {
    const validate = new Ajv2020({ strict: false }).compile(makeManifestJsonSchema());
    expect(Manifest.safeParse(parse(example)).success).toBe(true);
    expect(validate(parse(example))).toBe(true);
    expect(validate({ version: 1, repos: { "a b": {} } })).toBe(false);
    expect(validate({ version: 1, repos: { a: { branch: "-x" } } })).toBe(false);
    expect(validate({ version: 1, repo: {} })).toBe(false);
  });
});
