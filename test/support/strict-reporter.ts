import type { Reporter, TestModule } from "vitest/node";

/**
 * Fails a run for what vitest lets pass: two tests of one file with the same full name (a failure would not say
 * which), and tests that are skipped or still to be written.
 */
export class StrictReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const complaints = modules.flatMap(complain);
    if (complaints.length === 0) return;
    process.stderr.write(`\n${complaints.join("\n")}\n`);
    process.exitCode = 1;
  }
}

function complain(module: TestModule): string[] {
  const seen = new Set<string>();
  const complaints: string[] = [];
  for (const test of module.children.allTests()) {
    if (seen.has(test.fullName)) complaints.push(`duplicate test name: ${module.relativeModuleId}: ${test.fullName}`);
    seen.add(test.fullName);
    if (test.options.mode === "skip" || test.options.mode === "todo")
      complaints.push(`a test that never runs: ${module.relativeModuleId}: ${test.fullName}`);
  }
  return complaints;
}
