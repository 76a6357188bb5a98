import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { resultFixture } from "../result-fixture.ts";
import { statuses } from "../types.ts";
import { renderJunit } from "./render-junit.ts";
import type { Report } from "./report.ts";
import { reportFixture } from "./report-fixture.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

interface Case {
  readonly "@name": string;
  readonly "@time": string;
  readonly failure?: { readonly "@message": string };
  readonly error?: { readonly "@message": string };
  readonly skipped?: { readonly "@message": string };
}

interface Suite {
  readonly "@name": string;
  readonly "@tests": string;
  readonly "@failures": string;
  readonly "@errors": string;
  readonly "@skipped": string;
  readonly testcase?: readonly Case[];
  readonly properties?: { readonly property: readonly { readonly "@name": string; readonly "@value": string }[] };
}

interface Document {
  readonly testsuites: Omit<Suite, "testcase"> & { readonly testsuite: readonly Suite[] };
}

function parse(report: Report): Document {
  const text = renderJunit(report);
  expect(XMLValidator.validate(text)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    isArray: (name) => ["testsuite", "testcase", "property"].includes(name),
    parseAttributeValue: false,
  });
  return parser.parse(text) as Document;
}

/** The counts of a document must be those of its cases, at every level. */
function expectSoundCounts(document: Document): void {
  const { testsuites } = document;
  const sum = (suites: readonly Suite[], name: "@tests" | "@failures" | "@errors" | "@skipped"): number =>
    suites.reduce((total, suite) => total + Number(suite[name]), 0);
  for (const suite of testsuites.testsuite) {
    const cases = suite.testcase ?? [];
    expect(Number(suite["@tests"])).toBe(cases.length);
    expect(Number(suite["@failures"])).toBe(cases.filter(({ failure }) => failure !== undefined).length);
    expect(Number(suite["@errors"])).toBe(cases.filter(({ error }) => error !== undefined).length);
    expect(Number(suite["@skipped"])).toBe(cases.filter(({ skipped }) => skipped !== undefined).length);
  }
  for (const name of ["@tests", "@failures", "@errors", "@skipped"] as const) {
    expect(Number(testsuites[name])).toBe(sum(testsuites.testsuite, name));
  }
}

describe("renderJunit", () => {
  it("keeps failures, errors and what was skipped apart", () => {
    const document = parse(reportFixture());
    expectSoundCounts(document);
    expect(document.testsuites).toMatchObject({ "@tests": "10", "@failures": "1", "@errors": "2", "@skipped": "4" });
    const cases = document.testsuites.testsuite.flatMap(({ testcase }) => testcase ?? []);
    expect(cases.find((entry) => entry["@name"].startsWith("RPO001"))?.failure?.["@message"]).toBe(
      "fail: could not read <from> remote & repository",
    );
    expect(cases.find((entry) => entry["@name"].startsWith("IB7"))).toMatchObject({ "@time": "30.000", error: {} });
    expect(document.testsuites.testsuite[0]?.properties?.property).toContainEqual({
      "@name": "verdict",
      "@value": "notReady",
    });
  });

  it("has one failed case when the verdict has a cause outside the results", () => {
    const document = parse(reportFixture({ results: [], reasons: ["config: nothing of it was executed"] }));
    expectSoundCounts(document);
    expect(document.testsuites).toMatchObject({ "@tests": "1", "@failures": "1" });
    const ready = parse(reportFixture({ results: [], verdict: "ready", exitCode: 0, verdictCode: 0, reasons: [] }));
    expect(ready.testsuites).toMatchObject({ "@tests": "0", "@failures": "0" });
  });

  it("is well formed whatever the texts, with every result exactly once", () => {
    const anyText = fc.string({ unit: "binary" });
    const anyResult = fc
      .record({
        id: fc.stringMatching(/^[A-Z]{3}\d{3}$/),
        status: fc.constantFrom(...statuses),
        reason: anyText,
        title: anyText,
        severity: fc.constantFrom("critical", "info" as const),
      })
      .map((parts) =>
        resultFixture({
          ...parts,
          evidence: [{ kind: "value", text: parts.reason }],
          remediation: { text: parts.title, command: parts.reason, docs: "", fixable: false },
        }),
      );
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 8 }), fc.array(anyText, { maxLength: 2 }), (results, reasons) => {
        const document = parse(reportFixture({ results, reasons }));
        expectSoundCounts(document);
        const cases = document.testsuites.testsuite.flatMap(({ testcase }) => testcase ?? []);
        const own = cases.filter((entry) => entry["@name"] !== "the suite gives a verdict");
        expect(own).toHaveLength(results.length);
        expect(cases.some(({ failure, error }) => failure !== undefined || error !== undefined)).toBe(true);
      }),
      { numRuns },
    );
  });
});
