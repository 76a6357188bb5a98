import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { contextNames, contextProperties } from "./contexts.ts";
import { functionNames } from "./expression-functions.ts";
import { makeWorkflowJsonSchema } from "./json-schema.ts";
import { notBuiltKeys } from "./not-built.ts";
import { renderWorkflowReference } from "./reference.ts";
import { JobFile, StepFile, SweepFile, WorkflowFile } from "./schema.ts";

describe("renderWorkflowReference", () => {
  const page = renderWorkflowReference();

  it("leaves no key, context, function or refusal out", () => {
    const keys = [WorkflowFile, JobFile, SweepFile, StepFile].flatMap((schema) => Object.keys(schema.shape));
    const properties = Object.entries(contextProperties).flatMap(([name, of]) =>
      Object.keys(of).map((key) => `${name}.${key}`),
    );
    const refused = Object.keys(notBuiltKeys).map((key) => key.split(".").at(-1) ?? "");
    const words = [...keys, ...properties, ...contextNames, ...functionNames, ...refused];
    expect(words.length).toBeGreaterThan(80);
    expect(words.filter((word) => !page.includes(word))).toEqual([]);
  });

  it("says of every key what it means", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(70);
    expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  });
});

describe("makeWorkflowJsonSchema", () => {
  const validate = new Ajv2020({ strict: false }).compile(makeWorkflowJsonSchema());

  it("takes what the parser takes", () => {
    const text = `
version: 1
name: w
on: { manual: }
inputs: { a: { type: array, items: { enum: [1, x] }, default: [] } }
jobs:
  a:
    needs: []
    sweep: { onFailure: { abortAbove: 12.5% } }
    retry: 3
    timeout: 1.5h
    steps: [{ run: [x] }, { uses: a/b, with: { deep: [{}] }, if: true, retry: { attempts: 2 } }]
finally: [{ run: x }]
`;
    validate(parse(text));
    expect(validate.errors).toBeNull();
  });

  it.each([
    "version: 2\nname: w\njobs: {}",
    "version: 1\nname: w\njobs: { a: { steps: [] } }",
    "version: 1\nname: w\njobs: { a: { steps: [{ run: x, timeout: 5 }] } }",
    "version: 1\nname: w\njobs: { a: { stepps: [] } }",
    "version: 1\nname: w\njobs: { a: { steps: [{ run: x, retry: { when: [always] } }] } }",
  ])("refuses what the parser refuses: %j", (text) => {
    expect(validate(parse(text))).toBe(false);
  });
});
