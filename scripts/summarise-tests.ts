/**
 * Prints `N passed, N failed` from the JSON report of the test runner; exits 1 when anything failed or nothing ran.
 *
 *     node scripts/summarise-tests.ts REPORT.json
 */
import { readFile } from "node:fs/promises";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const file = process.argv[2];
if (file === undefined) throw new Error("usage: node scripts/summarise-tests.ts REPORT.json");
const report = await readReport(file);
// A file that could not even be loaded holds no test, yet has failed.
const broken = report.testResults.filter(
  (result) => result.status === "failed" && result.assertionResults.length === 0,
);
const failed = report.numFailedTests + broken.length;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed\n`);
if (failed > 0 || report.numPassedTests === 0 || !report.success) process.exitCode = 1;

async function readReport(path: string): Promise<Report> {
  const text = await readFile(path, "utf8");
  if (text !== "") return JSON.parse(text) as Report;
  return { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] };
}
