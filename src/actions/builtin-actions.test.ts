import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../workflows/parse-workflow.ts";
import { builtinActions } from "./builtin-actions.ts";
import { renderActionReference } from "./reference.ts";

describe("builtinActions", () => {
  it("are known by their names, with an input that a schema describes", () => {
    expect([...builtinActions.keys()]).toEqual(["git/commit", "http/request", "report/summary"]);
    for (const [name, action] of builtinActions) {
      expect(action.name).toBe(name);
      expect(new Ajv({ strict: false }).validateSchema(action.inputSchema)).toBe(true);
      expect(action.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    }
  });

  it("are documented with every input and output", () => {
    const page = renderActionReference();
    const words = [...builtinActions.values()].flatMap((action) => [
      action.name,
      ...Object.keys(action.inputSchema["properties"] as object),
      ...Object.keys(action.outputs),
    ]);
    expect(words.length).toBeGreaterThan(20);
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
    expect(page.split("\n").filter((line) => /^\| `.*\|\s*\|$/.test(line))).toEqual([]);
  });

  it("have their literal input checked before a run", () => {
    const text = `version: 1
name: w
jobs:
  a:
    sweep: {}
    steps:
      - { uses: git/commit, with: { message: "\${{ repo.name }}", hooks: maybe } }
      - { uses: http/request, with: { url: "\${{ repo.url }}", expectStatus: [200, x], method: "\${{ repo.role }}", json: { a: "\${{ repo.dirty }}" } } }
      - { uses: report/summary, with: { formats: [markdown, "\${{ repo.role }}", pdf] } }
`;
    expect(() => parseWorkflow({ file: "w.yaml", text, actions: builtinActions })).toThrowErrorMatchingInlineSnapshot(`
      [UserFileError: w.yaml:7:73  "hooks" must be true or false
          7 |       - { uses: git/commit, with: { message: "\${{ repo.name }}", hooks: maybe } }
            |                                                                         ^^^^^

      w.yaml:8:77  "expectStatus" must be a whole number or a list
          8 |       - { uses: http/request, with: { url: "\${{ repo.url }}", expectStatus: [200, x], method: "\${{ repo.role }}", json: { a: "\${{ repo.dirty }}" } } }
            |                                                                             ^^^^^^^^

      w.yaml:9:81  "pdf" is not one of markdown, junit, json
          9 |       - { uses: report/summary, with: { formats: [markdown, "\${{ repo.role }}", pdf] } }
            |                                                                                 ^^^]
    `);
  });
});
