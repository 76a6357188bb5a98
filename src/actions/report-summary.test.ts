import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json, Outputs, RunSummary } from "../engine/contract.ts";
import { makeActionContext } from "./action-context-fixture.ts";
import { renderJunitReport } from "./render-junit-report.ts";
import { renderMarkdownReport } from "./render-markdown-report.ts";
import { reportSummary } from "./report-summary.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const step = { id: "test", state: "succeeded", durationMs: 12_100 };
const summary: RunSummary = {
  runId: "k3v9q0x2mf",
  workflow: "raise-node",
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  targets: [
    {
      job: "edit",
      repository: "gateway",
      state: "succeeded",
      reason: "every step succeeded",
      durationMs: 77_000,
      steps: [step],
    },
    {
      job: "edit",
      repository: "ledger",
      state: "failed",
      reason: "test: exit 1 | <b>",
      durationMs: 2000,
      steps: [{ ...step, state: "failed" }],
    },
    {
      job: "edit",
      repository: "billing",
      state: "skipped",
      reason: "needs ledger, which failed",
      durationMs: null,
      steps: [],
    },
    { job: "ship", repository: null, state: "cancelled", reason: "cancelled by dana", durationMs: 10, steps: [] },
    { job: "finally", repository: null, state: "running", reason: "its turn has come", durationMs: null, steps: [] },
  ],
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const report = (input: Readonly<Record<string, Json>>, runFolder = join(folder, "runs", "k3")): Promise<Outputs> =>
  reportSummary.run(input, makeActionContext({ runFolder, summary }));

describe("report/summary", () => {
  it("writes what is asked for, whole, and names the files", async () => {
    const outputs = await report({ formats: ["markdown", "junit", "json", "json"] });
    const runFolder = join(folder, "runs", "k3");
    expect(outputs).toEqual({
      markdown: join(runFolder, "summary.md"),
      junit: join(runFolder, "summary.junit.xml"),
      json: join(runFolder, "summary.json"),
    });
    expect(readdirSync(runFolder).toSorted()).toEqual(["summary.json", "summary.junit.xml", "summary.md"]);
    const json = JSON.parse(readFileSync(outputs["json"] ?? "", "utf8")) as RunSummary;
    expect(json).toEqual({ schemaVersion: 1, ...summary, targets: summary.targets.slice(0, -1) });
  });

  it("replaces its file at a further attempt", async () => {
    const { markdown = "" } = await report({});
    writeFileSync(markdown, "old");
    await report({});
    expect(readFileSync(markdown, "utf8")).toContain("raise-node");
  });

  it("refuses a name that leaves the folder, and formats that it does not know", async () => {
    await expect(report({ name: "../x" })).rejects.toThrow("with.name");
    await expect(report({ formats: ["pdf"] })).rejects.toThrow(
      'with.formats.0: "pdf" is not one of markdown, junit, json',
    );
    await expect(report({ formats: [] })).rejects.toThrow("with.formats");
  });

  it("leaves nothing behind when it cannot write", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(report({}, join(folder, "file"))).rejects.toThrow("EEXIST");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("renderMarkdownReport", () => {
  it("shows what came out, then every target", () => {
    expect(renderMarkdownReport(summary)).toMatchInlineSnapshot(`
      "# raise-node \`k3v9q0x2mf\`

      1 of 5 targets succeeded, 1 failed, 1 skipped, 1 cancelled, 1 running, started 2026-01-02T03:04:05.000Z

      | job | repository | state | time | steps | reason |
      | --- | --- | --- | --- | --- | --- |
      | edit | gateway | succeeded | 1m 17s | test succeeded |  |
      | edit | ledger | failed | 2.0s | test failed | test: exit 1 \\| &lt;b> |
      | edit | billing | skipped |  |  | needs ledger, which failed |
      | ship |  | cancelled | 10ms |  | cancelled by dana |
      | finally |  | running |  |  | its turn has come |
      "
    `);
  });

  it("keeps one row for each target, whatever names and reasons hold", () => {
    fc.assert(
      fc.property(fc.string(), (reason) => {
        const targets = [{ job: "a", repository: "b", state: "failed", reason, durationMs: 1, steps: [] }];
        const [row, ...rest] = renderMarkdownReport({ ...summary, targets })
          .trimEnd()
          .split("\n")
          .slice(6);
        expect(rest).toEqual([]);
        expect(row?.match(/(?<!\\)\|/g)).toHaveLength(7);
        expect(row).not.toMatch(/<(?!br>)/);
      }),
      { numRuns: runs },
    );
  });
});

describe("renderJunitReport", () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: (name) => name === "testcase" || name === "testsuite",
    processEntities: { enabled: true, maxTotalExpansions: 100_000 },
  });
  interface Junit {
    readonly testsuites: {
      readonly tests: string;
      readonly failures: string;
      readonly skipped: string;
      readonly testsuite: readonly {
        readonly name: string;
        readonly timestamp: string;
        readonly testcase: readonly Record<string, unknown>[];
      }[];
    };
  }

  it("is read back by an independent reader", () => {
    const { testsuites } = parser.parse(renderJunitReport(summary)) as Junit;
    expect(testsuites).toMatchObject({ tests: "5", failures: "2", skipped: "2" });
    expect(testsuites.testsuite.map(({ name, timestamp, testcase }) => [name, timestamp, testcase.length])).toEqual([
      ["edit", "2026-01-02T03:04:05", 3],
      ["ship", "2026-01-02T03:04:05", 1],
      ["finally", "2026-01-02T03:04:05", 1],
    ]);
    expect(testsuites.testsuite[0]?.testcase).toMatchObject([
      { name: "gateway", classname: "raise-node.edit", time: "77.000" },
      { name: "ledger", failure: { message: "test: exit 1 | <b>", type: "failed" } },
      { name: "billing", skipped: { message: "needs ledger, which failed" } },
    ]);
  });

  it("is well-formed whatever names and reasons hold", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom("\0", "\u001b[31m", "]]>", "&amp;<>\"'", "\uD800", "\uFFFE"),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (job, repository, reason) => {
        const targets = [
          {
            job,
            repository,
            state: "failed",
            reason,
            durationMs: 1,
            steps: [{ id: job, state: "failed", durationMs: 1 }],
          },
        ];
        const xml = renderJunitReport({ ...summary, workflow: reason, targets });
        expect(XMLValidator.validate(xml)).toBe(true);
        // Of control characters, XML 1.0 takes only tab and line ends; those stand as references here.
        expect(xml.isWellFormed() && !/(?!\n)[\p{Cc}\uFFFE\uFFFF]/u.test(xml.replaceAll("\u0085", ""))).toBe(true);
      }),
      { numRuns: runs },
    );
  });
});
