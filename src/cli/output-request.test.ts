import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import { chooseOutput, machineFormatOf, type OutputChoice, type OutputRules } from "./output-request.ts";

const report: OutputRules = { formats: ["text", "json", "junit"], files: true };
const plain: OutputRules = { formats: ["text", "json"], files: false };

/** Lets every error through that is not one of ours. */
function chooseOrRefuse(values: readonly string[], rules: OutputRules): OutputChoice | "refused" {
  try {
    return chooseOutput(values, rules);
  } catch (error) {
    if (error instanceof MahavishnuError) return "refused";
    throw error;
  }
}

describe("chooseOutput", () => {
  it.each([
    [[], { format: "text", reports: [] }],
    [["json"], { format: "json", reports: [] }],
    [["junit=a.xml"], { format: "text", reports: [{ format: "junit", file: "a.xml" }] }],
    [["json", "junit=a=b.xml"], { format: "json", reports: [{ format: "junit", file: "a=b.xml" }] }],
  ])("reads %j", (values, expected) => {
    expect(chooseOutput(values, report)).toEqual(expected);
  });

  it.each<[string[], OutputRules, string, string]>([
    [["xml"], report, "USAGE", 'unknown output format "xml"'],
    [["jsn"], plain, "USAGE", 'unknown output format "jsn"'],
    [["html"], report, "NOT_BUILT", 'the output format "html" is not built yet'],
    [["sarif"], plain, "USAGE", 'unknown output format "sarif"'],
    [["junit"], plain, "USAGE", 'unknown output format "junit"'],
    [["json", "text"], report, "USAGE", "-o json and -o text both write to the standard output"],
    [["json=a"], plain, "USAGE", 'this command writes no files, so "-o json=a" is not valid'],
    [["json="], report, "USAGE", '"-o json=" names no file'],
    [["json=a", "text=a"], report, "USAGE", 'two outputs go to the same file "a"'],
  ])("refuses %j", (values, rules, code, message) => {
    expect(() => chooseOutput(values, rules)).toThrow(expect.objectContaining({ code, message }));
  });

  it("gives an answer or an error of ours, whatever it reads", () => {
    const value = fc.oneof(fc.string(), fc.constantFrom("json", "text=", "junit=x", "=", "json=a=b"));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), fc.constantFrom(report, plain), (values, rules) => {
        const outcome = chooseOrRefuse(values, rules);
        expect(outcome === "refused" || rules.formats.includes(outcome.format)).toBe(true);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
    );
  });
});

describe("machineFormatOf", () => {
  it.each([
    [["run", "x", "-o", "json"], "json"],
    [["-ojson", "run"], "json"],
    [["run", "--output=ndjson"], "ndjson"],
    [["run", "--output", "json"], "json"],
    [["run", "-o", "text"], undefined],
    [["run", "-o", "json=report.json"], undefined],
    [["exec", "--", "kubectl", "get", "-o", "json"], undefined],
    [["run", "-o"], undefined],
    [[], undefined],
  ])("finds in %j: %s", (argv, expected) => {
    expect(machineFormatOf(argv)).toBe(expected);
  });
});
