import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "../scripts/summarise-tests.ts");
const folder = mkdtempSync(join(tmpdir(), "summary-"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function summarise(...reports: (object | "")[]): { status: number | null; stdout: string } {
  const files = reports.map((report, index) => {
    const file = join(folder, `report-${index}.json`);
    writeFileSync(file, report === "" ? "" : JSON.stringify(report));
    return file;
  });
  const { status, stdout } = spawnSync(process.execPath, [script, ...files], { encoding: "utf8" });
  return { status, stdout };
}

const passed = { status: "passed", assertionResults: [{}] };

describe("scripts/summarise-tests.ts", () => {
  it("counts what passed, and is content", () => {
    const report = { numPassedTests: 12, numFailedTests: 0, success: true, testResults: [passed] };
    expect(summarise(report)).toEqual({ status: 0, stdout: "12 passed, 0 failed\n" });
  });

  it("fails with the number of failed tests", () => {
    const failed = { status: "failed", assertionResults: [{}, {}] };
    const report = { numPassedTests: 12, numFailedTests: 2, success: false, testResults: [passed, failed] };
    expect(summarise(report)).toEqual({ status: 1, stdout: "12 passed, 2 failed\n" });
  });

  it("counts a file that could not be loaded as a failure, though it holds no test", () => {
    const broken = { status: "failed", assertionResults: [] };
    const report = { numPassedTests: 12, numFailedTests: 0, success: false, testResults: [passed, broken] };
    expect(summarise(report)).toEqual({ status: 1, stdout: "12 passed, 1 failed\n" });
  });

  it("is not content with nothing: no test, or a runner that died before its report", () => {
    const report = { numPassedTests: 0, numFailedTests: 0, success: true, testResults: [] };
    expect(summarise(report)).toEqual({ status: 1, stdout: "0 passed, 0 failed\n" });
    expect(summarise("")).toEqual({ status: 1, stdout: "0 passed, 0 failed\n" });
  });

  it("adds up several reports, and is content with none of which one ran nothing", () => {
    const report = { numPassedTests: 12, numFailedTests: 0, success: true, testResults: [passed] };
    expect(summarise(report, { ...report, numPassedTests: 3 })).toEqual({ status: 0, stdout: "15 passed, 0 failed\n" });
    expect(summarise(report, "")).toEqual({ status: 1, stdout: "12 passed, 0 failed\n" });
  });
});
