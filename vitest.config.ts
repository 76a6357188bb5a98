import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { StrictReporter } from "./test/support/strict-reporter.ts";

// `.ci/run` asks for the results as JSON besides what people read.
const report = process.env["TEST_REPORT"];
const common = {
  setupFiles: ["test/support/leave-nothing-behind.ts"],
  // Whatever git is told on this machine (signing, hooks, templates) must not decide whether a test passes.
  env: {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    // Hundreds of tests start the command from its sources: without types and compiled it starts in less than half of the time.
    NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled"),
  },
};

/** What takes so long that `npm test` leaves it to `.ci/run`, which runs it with the system tests. */
const slow = [
  "src/readiness/benchmarks/all-benchmarks.test.ts",
  "test/backup/drill.test.ts",
  "test/e2e/several-servers.test.ts",
  "test/production-untouched.test.ts",
];

export default defineConfig({
  define: { __CRASH_POINTS__: "true" },
  test: {
    globalSetup: ["test/support/temporary-folder.ts", "test/support/prism-gate.ts"],
    // One more than two cores: many tests wait for processes that they have started.
    maxWorkers: 3,
    allowOnly: process.env["CI"] === undefined,
    reporters: ["default", new StrictReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: slow,
          // Rooms keep no module state, so files can share a worker; it saves loading the libraries for each.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: ["test/system/**", ...slow],
          // Real processes, real git, sometimes a build: slow on a busy machine, never endless.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          // With tools that npm does not have: `npm run test:system` fetches them first.
          name: "system",
          include: ["test/system/**/*.test.ts", ...slow],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
