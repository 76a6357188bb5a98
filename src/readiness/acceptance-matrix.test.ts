/** "Acceptance matrix to automate" of the design: the same code whatever the form, the terminal and the command. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig, type LoadedConfig } from "../config/load-config.ts";
import type { BenchmarkDefinition, CheckDefinition, Definition } from "./definition.ts";
import { checkFixture, folderFixture, no, settingFixture, yes } from "./definition-fixture.ts";
import { preflightIds } from "./plan-suite.ts";
import { renderReport, type ReportFormat } from "./report/render-report.ts";
import { ReportSchema } from "./report/schema.ts";
import { plainStyle, type TextStyle } from "./report/text-style.ts";
import { type ProductionAnswer, type ProductionOptions, runProduction } from "./run-production.ts";
import type { Command, Group, Outcome } from "./types.ts";

const commands: readonly Command[] = ["check-config", "run-integration-tests", "run-benchmarks", "run-all-tests"];
const formats: readonly ReportFormat[] = ["text", "short", "json", "ndjson", "junit"];
const coloured: TextStyle = { ...plainStyle, paint: (meaning, text) => `<${meaning}>${text}</>` };
const views: readonly (readonly [string, TextStyle])[] = [
  ["tty", { ...coloured, width: 80 }],
  ["narrow tty", { ...coloured, width: 20 }],
  ["pipe", { ...plainStyle, width: Number.POSITIVE_INFINITY }],
  ["NO_COLOR", { ...plainStyle, width: 80 }],
];

let folder: string;
const today = new Date().toISOString().slice(0, 10);
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

beforeAll(async () => {
  folder = folderFixture();
  for (const [name, expires] of Object.entries({ waived: today, expired: yesterday })) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "mahavishnu.yaml"), "version: 1\nreadiness: { waivers: waivers.yaml }\n");
    const entry = `{ id: PROBE, reason: known, owner: dana, expires: ${expires} }`;
    await writeFile(join(folder, name, "waivers.yaml"), `version: 1\nwaivers:\n  - ${entry}\n`);
  }
  await mkdir(join(folder, "plain"));
  await writeFile(join(folder, "plain", "mahavishnu.yaml"), "version: 1\n");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A benchmark that measures what its outcome says: far within its limit, or far beyond. */
function benchmarkFixture(id: string, group: Group, figure: () => number): BenchmarkDefinition {
  return {
    id,
    title: `${id} is quick`,
    kind: "benchmark",
    category: "benchmarks",
    group,
    severity: "error",
    verifies: "speed",
    how: { live: "it runs" },
    advice: { text: "wait" },
    figure: "run",
    unit: "ms",
    better: "lower",
    warmUp: 0,
    samples: 6,
    limits: () => ({ median: 10 }),
    open: async () => ({ sample: async () => figure(), [Symbol.asyncDispose]: async () => undefined }),
  };
}

/** The question that the row is about, as a check of the command's own kind. */
interface Probe {
  readonly severity?: CheckDefinition["severity"];
  readonly security?: boolean;
  readonly body: () => Promise<Outcome> | Outcome;
  readonly timeoutMs?: number;
}

const groups = ["workflowSpeed", "concurrency", "repositories", "throughput"] as const;

/** A catalogue in which everything passes but the probe, which every command asks and counts. */
function catalogueWith(command: Command, probe: Probe): readonly Definition[] {
  const parts = {
    id: "PROBE",
    severity: probe.severity ?? "error",
    security: probe.security ?? false,
    ...(probe.timeoutMs === undefined ? {} : { timeoutMs: probe.timeoutMs }),
  } as const;
  const test = { kind: "test", category: "integrationTests", group: "rbac", attempts: 1 } as const;
  const asked: Record<Command, Definition> = {
    "check-config": checkFixture({ ...parts, static: probe.body }),
    "run-integration-tests": checkFixture({ ...parts, ...test, mustPass: true, live: probe.body }),
    "run-all-tests": checkFixture({ ...parts, static: probe.body }),
    "run-benchmarks": {
      ...benchmarkFixture("PROBE", "throughput", () => 1),
      ...parts,
      open: async () => {
        const outcome = await probe.body();
        const figure = outcome.status === "pass" ? 1 : 100;
        return { sample: async () => figure, [Symbol.asyncDispose]: async () => undefined };
      },
    },
  };
  return [
    ...preflightIds.map((id) => checkFixture({ id })),
    checkFixture({ id: "ADP004", category: "adapters" }),
    checkFixture({ id: "SEC004", category: "security", security: true }),
    checkFixture({ id: "IB1", ...test, group: "basicWorkflow", live: () => yes }),
    checkFixture({ id: "IR1", ...test, security: true, live: () => yes }),
    ...groups.map((group, index) => benchmarkFixture(`B${index}`, group, () => 1)),
    asked[command],
  ];
}

async function run(
  command: Command,
  probe: Probe,
  options: Partial<ProductionOptions> = {},
  workspace = "plain",
): Promise<ProductionAnswer> {
  const request = { workspace: join(folder, workspace), env: {}, set: [] };
  const config = async (): Promise<LoadedConfig> => await loadConfig(request);
  const setting = settingFixture(catalogueWith(command, probe), { workspace: request.workspace, config });
  return await runProduction({ command, parallel: 2, ...options }, setting);
}

const passing: Probe = { body: () => yes };
const failing: Probe = { body: () => no };

/** Name, what is asked, the code, options, workspace. `byCommand`: where a command cannot have the row. */
const rows: readonly {
  readonly name: string;
  readonly probe: Probe;
  readonly code: number;
  readonly options?: Partial<ProductionOptions>;
  readonly workspace?: string;
  readonly commands?: readonly Command[];
}[] = [
  { name: "0 fail", probe: passing, code: 0 },
  { name: "1 advisory", probe: { ...failing, severity: "warning" }, code: 2 },
  { name: "1 required", probe: failing, code: 1 },
  { name: "1 security", probe: { ...failing, severity: "critical", security: true }, code: 1 },
  {
    name: "1 error",
    probe: {
      body: () => {
        throw new Error("it broke");
      },
    },
    code: 1,
  },
  {
    name: "1 time-out",
    probe: { timeoutMs: 20, body: async () => await new Promise<Outcome>(() => undefined) },
    code: 1,
  },
  { name: "waived", probe: failing, code: 0, workspace: "waived" },
  { name: "waived security", probe: { ...failing, security: true }, code: 2, workspace: "waived" },
  { name: "expired waiver", probe: failing, code: 1, workspace: "expired" },
  { name: "waived, --no-waivers", probe: failing, code: 1, workspace: "waived", options: { ignoreWaivers: true } },
  { name: "skipped", probe: passing, code: 2, options: { skip: ["PROBE"] } },
  {
    name: "skipped security",
    probe: { ...passing, security: true },
    code: 1,
    options: { skip: ["PROBE"] },
    commands: ["check-config", "run-integration-tests", "run-all-tests"],
  },
  { name: "skipped advice", probe: { ...passing, severity: "warning" }, code: 0, options: { skip: ["PROBE"] } },
  { name: "everything skipped", probe: passing, code: 1, options: { skip: ["*"] } },
  { name: "a part alone", probe: passing, code: 2, options: { only: ["PROBE"] } },
  {
    name: "empty, allowed",
    probe: passing,
    code: 0,
    options: { only: ["B0"], allowEmpty: true },
    commands: ["check-config", "run-integration-tests"],
  },
  { name: "1 advisory, --strict", probe: { ...failing, severity: "warning" }, code: 1, options: { strict: true } },
  { name: "1 required, --exit-zero", probe: failing, code: 0, options: { exitZero: true } },
];

describe.each(rows)("$name", ({ probe, code, options = {}, workspace, commands: asked = commands }) => {
  it.each(asked)(`of %s ends with ${code} in every form`, async (command) => {
    const { report, exitCode } = await run(command, probe, options, workspace);
    expect(exitCode, JSON.stringify(report.reasons)).toBe(code);
    expect(report.exitCode).toBe(code);
    expect(ReportSchema.parse(report)).toEqual(report);
    expect(report.verdict).toBe(({ 0: "ready", 1: "notReady", 2: "usable" } as const)[report.verdictCode as 0 | 1 | 2]);
    const before = JSON.stringify(report);
    for (const [, style] of views) {
      for (const format of formats) {
        for (const verbose of [false, true])
          expect(await renderReport(report, format, { style, verbose })).toMatch(/\n$/);
      }
    }
    // What is rendered cannot have changed what is decided.
    expect(JSON.stringify(report)).toBe(before);
    expect(await renderReport(report, "short", { style: plainStyle })).toContain(`exit ${code}`);
  });
});

describe("a selection of nothing", () => {
  it.each(commands)("is a usage error of %s", async (command) => {
    for (const options of [{ only: ["NOTHING"] }, { skip: ["NOTHING"] }]) {
      await expect(run(command, passing, options)).rejects.toMatchObject({ exitCode: 64 });
    }
  });
});

describe("a broken configuration", () => {
  it.each(commands)("is an answer of %s, not a crash", async (command) => {
    const catalogue = catalogueWith(command, passing).map((definition) => {
      if (definition.id !== "CFG001")
        return definition.kind === "check" ? { ...definition, dependsOn: ["CFG001"] } : definition;
      return checkFixture({
        id: "CFG001",
        static: async (context) => ({ ...yes, reason: (await context.config()).digest }),
      });
    });
    const { report, exitCode } = await runProduction({ command }, settingFixture(catalogue, { workspace: folder }));
    expect(exitCode).toBe(1);
    expect(report.results.find(({ id }) => id === "CFG001")).toMatchObject({ status: "error" });
    expect(report.profile).toBe("production");
    expect(report.workspace.configDigest).toBeNull();
  });
});

describe("a file of waivers that cannot be used", () => {
  it("makes the verdict 1 and says where it is wrong", async () => {
    const workspace = join(folder, "plain");
    await writeFile(join(folder, "plain", "waivers.yaml"), "waivers: [");
    const request = { workspace, env: {}, set: ["readiness.waivers=waivers.yaml"] };
    const config = async (): Promise<LoadedConfig> => await loadConfig(request);
    const setting = settingFixture(catalogueWith("check-config", passing), { workspace, config });
    const { report } = await runProduction({ command: "check-config" }, setting);
    expect(report).toMatchObject({
      exitCode: 1,
      findings: [{ level: "failure", text: expect.stringContaining("waivers.yaml") as string }],
    });
  });
});

describe("run-all-tests", () => {
  it("does not run the benchmarks after the tests have failed, and says why", async () => {
    const { report, exitCode } = await run("run-all-tests", passing);
    expect(exitCode).toBe(0);
    expect(report.benchmarks).toHaveLength(4);
    const broken = catalogueWith("run-all-tests", passing).map((definition) =>
      definition.id === "IB1" && definition.kind !== "benchmark" ? { ...definition, live: () => no } : definition,
    );
    const request = { workspace: join(folder, "plain"), env: {}, set: [] };
    const config = async (): Promise<LoadedConfig> => await loadConfig(request);
    const second = await runProduction(
      { command: "run-all-tests" },
      settingFixture(broken, { workspace: request.workspace, config }),
    );
    expect(second.exitCode).toBe(1);
    const benchmarks = second.report.results.filter(({ kind }) => kind === "benchmark");
    expect(benchmarks.map(({ status }) => status)).toEqual(["notRun", "notRun", "notRun", "notRun"]);
    expect(benchmarks[0]?.reason).toContain("integration tests failed");
  });
});

describe("a suite that ends early", () => {
  const slow: Probe = { body: async () => await new Promise<Outcome>(() => undefined) };

  it.each(commands)("at its deadline has a whole report of %s, and 1", async (command) => {
    const { report, exitCode } = await run(command, slow, { deadlineMs: 40 });
    expect(exitCode).toBe(1);
    expect(report.results).toHaveLength((await run(command, passing)).report.results.length);
    expect(report.results.find(({ id }) => id === "PROBE")).toMatchObject({
      status: "notRun",
      reason: "the deadline of 40ms passed",
    });
  });

  it("after Ctrl-C has a whole report and 130, also with --exit-zero", async () => {
    const controller = new AbortController();
    const setting = settingFixture(catalogueWith("run-integration-tests", slow), {
      workspace: folder,
      interrupt: controller.signal,
    });
    const running = runProduction({ command: "run-integration-tests", exitZero: true }, setting);
    setTimeout(() => {
      controller.abort();
    }, 30);
    const { report, exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(report.verdict).toBe("notReady");
    expect(report.results.find(({ id }) => id === "PROBE")).toMatchObject({ status: "notRun" });
  });
});
