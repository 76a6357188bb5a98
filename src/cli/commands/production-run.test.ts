import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";
import { ReportSchema } from "../../readiness/report/schema.ts";

const env = { AUTH: "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw", PATH: process.env["PATH"] ?? "" };
const sound = {
  "mahavishnu.yaml": "version: 1\nauth: { secret: '${env:AUTH}' }\n",
  "repos.yaml": "version: 1\nrepos: {}\n",
};

/** A file in a folder that exists and takes no file, not even from root. */
const unwritable = process.platform === "linux" ? "/proc/version" : "/System/report.xml";

/** Runs a production command in a workspace. */
async function run(cwd: string, ...args: readonly string[]): ReturnType<typeof runCaptured> {
  return await runCaptured(["production", ...args], { cwd, env });
}

function readReport(text: string): ReturnType<typeof ReportSchema.parse> {
  return ReportSchema.parse(JSON.parse(text));
}

describe("a production command", () => {
  it("tells the report on the standard output, shorter with -q, and nothing on the standard error where nobody looks", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { stdout, stderr } = await run(cwd, "check-config");
      expect(stderr).toBe("");
      expect(stdout).toContain("Configuration validity");
      expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/exit \d, /);
      const quiet = await run(cwd, "check-config", "-q");
      expect(quiet.stderr).toBe("");
      expect(quiet.stdout).not.toContain("Configuration validity");
      expect(quiet.stdout.trimEnd().split("\n").at(-1)).toMatch(/exit \d, /);
    });
  });

  it("has the configuration's profile, and another one when asked", async () => {
    await withWorkspace(
      { ...sound, "mahavishnu.yaml": "version: 1\nprofile: development\nauth: { enabled: false }\n" },
      async (cwd) => {
        expect(readReport((await run(cwd, "check-config", "-o", "json")).stdout).profile).toBe("development");
        const asked = await run(cwd, "check-config", "--profile", "production", "-o", "json");
        expect(readReport(asked.stdout).profile).toBe("production");
      },
    );
  });

  it("gives its report without a workspace, and with one whose configuration is broken", async () => {
    await withWorkspace({}, async (cwd) => {
      const { exitCode, stdout } = await run(cwd, "check-config", "-o", "json");
      const report = readReport(stdout);
      expect([exitCode, report.exitCode]).toEqual([1, 1]);
      expect(report.results.find(({ id }) => id === "CFG001")).toMatchObject({ status: "fail" });
      await writeFile(join(cwd, "mahavishnu.yaml"), "version: [\n");
      const tests = await run(cwd, "run-integration-tests", "-o", "json");
      const { results } = readReport(tests.stdout);
      expect(tests.exitCode).toBe(1);
      const blocked = results.filter(({ kind, status }) => kind === "test" && status !== "notApplicable");
      expect(blocked.length).toBeGreaterThan(20);
      expect(new Set(blocked.map(({ status }) => status))).toEqual(new Set(["blocked"]));
      expect(await readdir(cwd)).toEqual(["mahavishnu.yaml"]);
    });
  });

  it("takes a wrong --set for a wrong argument, not for a wrong configuration", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { exitCode, stdout, stderr } = await run(cwd, "check-config", "--set", "limits.lease=soon");
      expect([exitCode, stdout]).toEqual([64, ""]);
      expect(stderr).toContain("limits.lease");
    });
  });

  it("writes reports into files, each in its form", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { stdout } = await run(
        cwd,
        "check-config",
        "-o",
        "json",
        "-o",
        "junit=report.xml",
        "-o",
        "text=report.txt",
      );
      const report = readReport(stdout);
      expect(await readFile(join(cwd, "report.xml"), "utf8")).toContain("<testsuites");
      expect(await readFile(join(cwd, "report.txt"), "utf8")).toContain(`exit ${report.exitCode}`);
    });
  });

  it("ends with 70 when a report cannot be written, and still gives the other ones whole", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { exitCode, stdout, stderr } = await run(cwd, "check-config", "-o", "json", "-o", `junit=${unwritable}`);
      expect(exitCode).toBe(70);
      expect(readReport(stdout).verdict).toBeDefined();
      expect(stderr).toContain("REPORT_UNWRITABLE");
    });
  });

  it("acts only where temporary files can be made, and else says what to do; what reads needs none", async () => {
    await withWorkspace(sound, async (cwd) => {
      vi.stubEnv("TMPDIR", join(cwd, "gone"));
      try {
        for (const command of ["run-integration-tests", "run-benchmarks", "run-all-tests"]) {
          const { exitCode, stdout, stderr } = await run(cwd, command);
          expect([exitCode, stdout]).toEqual([1, ""]);
          expect(stderr).toContain(`${join(cwd, "gone")} (TMPDIR)`);
          expect(stderr).toContain("[TEMPORARY_FOLDER]");
        }
        const read = readReport((await run(cwd, "check-config", "-o", "json")).stdout);
        expect(read.results.find(({ id }) => id === "CFG001")).toMatchObject({ status: "pass" });
      } finally {
        vi.unstubAllEnvs();
      }
    });
  });

  it("does what reads alone when the audit trail cannot be written, and says so", async () => {
    await withWorkspace(sound, async (cwd) => {
      await mkdir(join(cwd, ".mahavishnu"), { mode: 0o700 });
      const file = join(cwd, ".mahavishnu", "state.db");
      await writeFile(file, "no database at all, and longer than its header has to be ".repeat(40));
      const before = await readFile(file);
      const { exitCode, stdout } = await run(cwd, "run-all-tests", "-o", "json");
      const report = readReport(stdout);
      expect(exitCode).toBe(1);
      expect(report.findings).toContainEqual({
        level: "failure",
        text: expect.stringContaining("the audit trail cannot be written, so nothing acted") as string,
      });
      expect(report.results.filter(({ probe }) => probe === "live")).toEqual([]);
      expect(report.results.find(({ id }) => id === "IB1")).toMatchObject({
        status: "skipped",
        reason: "it acts, and the audit trail cannot be written",
      });
      // Nobody works with such a database, so what only reads is not content either.
      const read = await run(cwd, "check-config", "-o", "json");
      expect(read.exitCode).toBe(1);
      expect(readReport(read.stdout).results.find(({ id }) => id === "CFG014")).toMatchObject({ status: "fail" });
      expect(await readFile(file)).toEqual(before);
    });
  });
});

describe("--list and --plan", () => {
  it("say what would be asked, and ask nothing", async () => {
    await withWorkspace(sound, async (cwd) => {
      const list = await run(cwd, "run-integration-tests", "--list");
      expect(list).toMatchObject({ exitCode: 0, stderr: "" });
      expect(list.stdout).toContain("IB1*");
      const plan = await run(cwd, "run-benchmarks", "--plan");
      expect(plan.stdout).toMatch(/BT1 +live +14\.0s/);
      expect(plan.stdout.trimEnd().split("\n").at(-1)).toMatch(/^\d+ in all; one after the other they take about \d/);
      const checks = await run(cwd, "check-config", "--plan");
      expect(checks.stdout).toContain("not asked: live only: add --all");
      expect(await readdir(cwd)).toEqual(Object.keys(sound));
    });
  });

  it("are documents for machines too, and never a report", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { stdout } = await run(cwd, "run-benchmarks", "--list", "-o", "json");
      const { items } = JSON.parse(stdout) as { items: { id: string; mode: string; severity: string }[] };
      expect(items.find(({ id }) => id === "BW1")).toMatchObject({
        kind: "benchmark",
        mode: "live",
        severity: "error",
      });
      const lines = (await run(cwd, "run-benchmarks", "--list", "-o", "ndjson")).stdout.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(items);
      for (const output of ["junit", "short", "json=report.json"]) {
        expect((await run(cwd, "run-benchmarks", "--plan", "-o", output)).exitCode, output).toBe(64);
      }
      expect(await readdir(cwd)).toEqual(Object.keys(sound));
    });
  });

  it("show what is skipped and what the selection leaves", async () => {
    await withWorkspace(sound, async (cwd) => {
      const { stdout } = await run(cwd, "run-all-tests", "--only", "IB*", "--skip", "IB7", "--list", "-o", "json");
      const { items } = JSON.parse(stdout) as { items: { id: string; mode: string | null; skip: string | null }[] };
      expect(items.find(({ id }) => id === "IB7")).toMatchObject({ mode: null, skip: "left out by --skip" });
      expect(items.some(({ id }) => id === "IR1")).toBe(false);
      expect((await run(cwd, "run-all-tests", "--only", "nothing", "--list")).exitCode).toBe(64);
    });
  });
});

describe("explain", () => {
  it("tells all that the catalogue knows, without a workspace and in any case", async () => {
    await withWorkspace({}, async (cwd) => {
      const check = await run(cwd, "explain", "sec001");
      expect(check).toMatchObject({ exitCode: 0, stderr: "" });
      expect(check.stdout).toMatch(/^SEC001 {2}authentication is on\n/);
      expect(check.stdout).toContain("critical; warning in the profile development");
      const test = await run(cwd, "explain", "IB1");
      expect(test.stdout).toContain("must pass whatever the percentage");
      const benchmark = await run(cwd, "explain", "BW1", "-o", "json");
      expect(JSON.parse(benchmark.stdout)).toMatchObject({
        id: "BW1",
        gates: ["benchmarks"],
        benchmark: { limits: null, samples: 50 },
      });
    });
  });

  it("tells the limits of the workspace", async () => {
    const config = `${sound["mahavishnu.yaml"]}readiness: { thresholds: { workflowSpeed: { median: 99ms } } }\n`;
    await withWorkspace({ ...sound, "mahavishnu.yaml": config }, async (cwd) => {
      const { stdout } = await run(cwd, "explain", "BW1");
      expect(stdout).toContain("median at most 99.0 ms, 95th percentile at most 1000 ms");
    });
  });

  it("refuses an id that there is not, and names the nearest", async () => {
    const { exitCode, stderr } = await run("/", "explain", "SEC00l");
    expect(exitCode).toBe(64);
    expect(stderr).toContain("Did you mean SEC00");
  });
});
