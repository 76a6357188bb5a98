import { describe, expect, it } from "vitest";
import { resultFixture } from "../result-fixture.ts";
import { renderShort, renderText } from "./render-text.ts";
import { reportFixture } from "./report-fixture.ts";
import { plainStyle, wrap } from "./text-style.ts";

const style = { ...plainStyle, clean: (text: string) => text.replaceAll(/[^\x20-\x7E]/g, "?") };

describe("renderText", () => {
  it("groups by heading, says what is wrong and what to do, and ends with the answer", () => {
    expect(renderText(reportFixture(), { style })).toMatchInlineSnapshot(`
      "Configuration validity    1 of 1
        - CFG011  waived until 2026-02-01 by dana (shared host): mahavishnu.yaml can be read by everybody
      Repository accessibility  0 of 1
        x RPO001  ledger: could not read <from> remote & repository
                  Look at the remote as the service user:
                  git -C fleet/ledger ls-remote
        - RPO012  not applicable: no repository uses LFS
        - 1 blocked by RPO001: RPO003
      Resource limits           0 of 1
        ! LIM001  40 is above 20
                  Lower it.
      Security settings         0 of 1
        x SEC003  error: bad ? byte ?[31m
                  Look.
      Integration tests         1 of 2   90 %, at least 90 % needed
        Basic workflow 1 of 2
        x IB7  timed out: no answer within 30000 ms
               Look.
        ! IB8  flaky, passed on the second attempt: all is well
      Benchmarks                1 inconclusive (machine is busy: cpu calibration varies by 40 %)
        ! BT1  inconclusive: the samples do not say
      Notes
        ! waivers.yaml:3: the waiver of CFG011 ends in 3 days

      gates    configuration pass (1 warning, 1 waived)   readiness FAIL   integration pass (1 failed)
      not ready: 2 required checks failed, 1 test failed, 1 warning, 1 inconclusive, 1 blocked, 1 waived, 1 flaky  exit 1, 48.0s
      "
    `);
  });

  it("lists what passed when it is asked to", () => {
    expect(renderText(reportFixture(), { style, verbose: true })).toContain("  + CFG001  all is well");
  });

  it("fits every width, and never loses a reason", () => {
    for (const width of [10, 40, 80, Number.POSITIVE_INFINITY]) {
      const text = renderText(reportFixture(), { style: { ...style, width } });
      expect(text.replaceAll(/\s+/g, " ")).toContain("ledger: could not read <from> remote & repository");
      expect(text).toMatch(/exit 1, 48\.0s\n$/);
    }
  });

  it("says it when --exit-zero covers the code", () => {
    const text = renderText(reportFixture({ exitCode: 0 }), { style });
    expect(text).toContain("--exit-zero: the process ends with 0, the verdict is 1");
    expect(text).toMatch(/not ready.*exit 0/);
  });

  it("counts the targets of one check beyond ten", () => {
    const results = Array.from({ length: 14 }, (_, index) =>
      resultFixture({
        id: "RPO001",
        category: "repositories",
        status: "fail",
        target: { kind: "repository", name: `r${index}` },
      }),
    );
    const text = renderText(reportFixture({ results }), { style });
    expect(text.match(/x RPO001/g)).toHaveLength(10);
    expect(text).toContain("and 4 more");
    expect(text).toContain("14 required checks failed");
  });

  it("counts nothing that waits for its cause", () => {
    const results = [
      resultFixture({ id: "CFG001", status: "fail" }),
      resultFixture({ id: "CFG002", status: "blocked", blockedBy: ["CFG001"] }),
      resultFixture({ id: "LIM001", category: "limits", status: "blocked", blockedBy: ["CFG001"] }),
    ];
    const text = renderText(reportFixture({ results }), { style });
    expect(text).toContain("Configuration validity    0 of 1");
    expect(text).toContain("Resource limits           not evaluated");
  });

  it("does not say that something failed that was not run", () => {
    const results = [resultFixture({ id: "RPO001", status: "notRun", reason: "the suite was interrupted" })];
    const line = renderText(reportFixture({ results }), { style }).trimEnd().split("\n").at(-1);
    expect(line).toContain("1 not run");
    expect(line).not.toContain("failed");
  });

  it("is plain when there is nothing to say", () => {
    const report = reportFixture({
      results: [resultFixture()],
      gates: [],
      findings: [],
      verdict: "ready",
      exitCode: 0,
      verdictCode: 0,
      reasons: [],
    });
    expect(renderText(report, { style })).toBe(
      `Configuration validity    1 of 1\n\ngates    \nready${" ".repeat(82)}exit 0, 48.0s\n`,
    );
  });
});

describe("renderShort", () => {
  it("names what the verdict follows from beside the checks, and the last line counts it", () => {
    const findings = [
      { level: "failure", text: "readiness.waivers: waivers.yaml:1:1: the document must be a map, not text" },
      { level: "concern", text: "waivers.yaml:3: the waiver of CFG010 is malformed" },
      { level: "note", text: "what it waives passes now" },
    ] as const;
    const report = reportFixture({ results: [resultFixture()], findings });
    const lines = renderShort(report, { style }).trimEnd().split("\n");
    expect(lines.slice(0, -1)).toEqual([`  x ${findings[0].text}`, `  ! ${findings[1].text}`]);
    expect(lines.at(-1)).toContain("not ready: 1 problem beside the checks");
  });

  it("has what did not pass and the last line", () => {
    expect(renderShort(reportFixture(), { style }).split("\n")).toHaveLength(9);
  });
});

describe("wrap", () => {
  it("breaks at spaces and keeps long words", () => {
    expect(wrap("a bb ccc dddddddd e", 5)).toEqual(["a bb", "ccc", "dddddddd", "e"]);
    expect(wrap("", 5)).toEqual([""]);
  });
});
