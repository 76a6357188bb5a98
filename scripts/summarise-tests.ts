/**
 * Prints `N passed, N failed` over JSON reports of the test runner; exits 1 when anything failed or one ran nothing.
 *
 *     node scripts/summarise-tests.ts REPORT.json...
 */
import { readFile } from "node:fs/promises";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const files = process.argv.slice(2);
if (files.length === 0) throw new Error("usage: node scripts/summarise-tests.ts REPORT.json...");
const reports = await Promise.all(files.map(readReport));
const passed = sum(reports.map((report) => report.numPassedTests));
const failed = sum(reports.map(countFailed));
process.stdout.write(`${passed} passed, ${failed} failed\n`);
// A runner that found no test at all has tried nothing.
if (failed > 0 || reports.some((report) => report.numPassedTests === 0 || !report.success)) process.exitCode = 1;

function countFailed(report: Report): number {
  // A file that could not even be loaded holds no test, yet has failed.
  const broken = report.testResults.filter(
    (result) => result.status === "failed" && result.assertionResults.length === 0,
  );
  return report.numFailedTests + broken.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function readReport(path: string): Promise<Report> {
  const text = await readFile(path, "utf8");
  if (text !== "") return JSON.parse(text) as Report;
  return { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] };
}
