/**
 * Everything that CI does, step by step; goes on after a failure, so that one run shows all that is wrong. The tests
 * hold the order of the rooms (`npm run architecture`) and the packed tarball, installed and used (`npm run test:package`).
 *
 *     node scripts/verify.ts [--without-tests]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { root } from "./lib/root.ts";

const steps = ["build", "format:check", "lint", "types", "deadcode", "docs:check", "soak", "test"] as const;

const { values } = parseArgs({ options: { "without-tests": { type: "boolean", default: false } } });
const results = steps
  .filter((step) => step !== "test" || !values["without-tests"])
  .map((step) => {
    process.stdout.write(`\n== npm run ${step}\n`);
    const started = Date.now();
    const { status } = spawnSync("npm", ["run", "--silent", step], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
    return { step, passed: status === 0, seconds: (Date.now() - started) / 1_000 };
  });

process.stdout.write("\n");
for (const { step, passed, seconds } of results)
  process.stdout.write(`${passed ? "ok  " : "FAIL"}  ${step.padEnd(14)} ${seconds.toFixed(1)} s\n`);
if (results.some(({ passed }) => !passed)) process.exitCode = 1;
