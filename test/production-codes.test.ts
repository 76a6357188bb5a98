/** The exit codes of the four `production` commands through the command line, in every form and on every kind of terminal. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../src/cli/run-cli.ts";
import { SignalInterrupts } from "../src/cli/interrupts.ts";
import type { Report } from "../src/readiness/report/report.ts";
import { ReportSchema } from "../src/readiness/report/schema.ts";
import { CapturedStream, type CliResult } from "./support/capture-cli.ts";
import { makeFolder, makeRepository, writeFiles } from "./support/git-fixture.ts";

const folder = makeFolder();
const good = "version: 1\nauth: { secret: '${env:AUTH}' }\n";
const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const waiver = (expires: string): string =>
  `version: 1\nwaivers:\n  - { id: RPO009, target: nowhere, reason: x, owner: dana, expires: ${day(60)} }\n` +
  `  - { id: RPO003, target: alpha, reason: known, owner: dana, expires: ${expires} }\n`;
const waived = `${good}readiness: { waivers: waivers.yaml }\n`;

/** Workspaces by name; each has one sound repository unless it says otherwise. */
const workspaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  good: {},
  advice: { "mahavishnu.yaml": `${good}limits: { maxConcurrentWorkflows: 40 }\n` },
  missing: { "repos.yaml": "version: 1\nrepos: { alpha: {}, gone: {} }\n" },
  optional: { "repos.yaml": "version: 1\nrepos: { alpha: {}, gone: { optional: true } }\n" },
  insecure: { "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n" },
  broken: { "mahavishnu.yaml": "version: [\n" },
  waived: { "mahavishnu.yaml": waived, "waivers.yaml": waiver(day(30)), "repos.yaml": branch() },
  expired: { "mahavishnu.yaml": waived, "waivers.yaml": waiver(day(-1)), "repos.yaml": branch() },
};

function branch(): string {
  return "version: 1\nrepos: { alpha: { branch: release } }\n";
}

beforeAll(() => {
  for (const [name, files] of Object.entries(workspaces)) {
    const path = folder.join(name);
    mkdirSync(path);
    writeFiles(path, { "mahavishnu.yaml": good, "repos.yaml": "version: 1\nrepos: { alpha: {} }\n", ...files });
    makeRepository(join(path, "alpha"), { "README.md": "alpha" });
  }
});
afterAll(() => {
  folder[Symbol.dispose]();
});

/** Where the output goes: a terminal, a pipe, a build server, and what users say about colour. */
const views: readonly (readonly [
  string,
  { readonly width: number; readonly height: number } | undefined,
  Readonly<Record<string, string>>,
])[] = [
  ["a terminal", { width: 80, height: 24 }, { TERM: "xterm-256color" }],
  ["a pipe", undefined, {}],
  ["CI", undefined, { CI: "true" }],
  ["NO_COLOR", { width: 80, height: 24 }, { NO_COLOR: "1" }],
  ["FORCE_COLOR", undefined, { FORCE_COLOR: "1" }],
];

async function run(args: readonly string[], view: (typeof views)[number] | undefined = views[1]): Promise<CliResult> {
  const [, terminal, env] = view ?? ["", undefined, {}];
  const [stdout, stderr] = [new CapturedStream(terminal), new CapturedStream(terminal)];
  const interrupts = new SignalInterrupts((code) => {
    throw new Error(`a signal would have ended the process with ${code}`);
  });
  const environment = { ...process.env, AUTH: "Zk3uV9qLx0T7bWcYh2RfJm8EaPs5NdGo1KiQ4tXvUyw", ...env };
  const exitCode = await runCli({
    argv: ["production", ...args],
    env: environment,
    cwd: folder.path,
    stdout,
    stderr,
    interrupts,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

const rows: readonly (readonly [string, number, readonly string[]])[] = [
  ["good", 0, []],
  ["advice", 2, []],
  ["advice", 1, ["--strict"]],
  ["missing", 1, []],
  ["missing", 0, ["--exit-zero"]],
  ["optional", 2, []],
  ["insecure", 1, []],
  ["insecure", 2, ["--profile", "development"]],
  ["broken", 1, []],
  ["waived", 0, []],
  ["waived", 1, ["--no-waivers"]],
  ["expired", 1, []],
  ["good", 2, ["--skip", "CFG010", "--profile", "development"]],
  ["good", 1, ["--skip", "SEC004"]],
  ["good", 0, ["--skip", "LIM*"]],
  ["good", 1, ["--skip", "*"]],
  ["good", 2, ["--only", "RPO*"]],
  ["good", 64, ["--only", "NOTHING"]],
  ["good", 64, ["--only", "WFX001"]],
  ["good", 0, ["--only", "WFX001", "--allow-empty"]],
  ["good", 64, ["-o", "yaml"]],
];

describe.each(rows)("check-config of %s", (workspace, code, flags) => {
  const args = ["check-config", "-C", folder.join(workspace), ...flags];

  it(`ends with ${code} in every form ${flags.join(" ")}`, async () => {
    for (const format of flags.includes("-o")
      ? [[]]
      : [[], ["-o", "json"], ["-o", "ndjson"], ["-o", "junit"], ["-q"], ["-v"]]) {
      const { exitCode, stdout } = await run([...args, ...format]);
      expect(exitCode, format.join(" ")).toBe(code);
      const told = code !== 64 && format[1] === "json" ? ReportSchema.parse(JSON.parse(stdout)).exitCode : code;
      expect(told).toBe(code);
    }
  });
});

describe("the view", () => {
  it.each(views)("does not change the code or the words: %s", async (...view) => {
    for (const [workspace, code] of [
      ["good", 0],
      ["advice", 2],
      ["missing", 1],
    ] as const) {
      const { exitCode, stdout } = await run(["check-config", "-C", folder.join(workspace)], view);
      expect(exitCode).toBe(code);
      expect(stdout.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`exit ${code}, `));
      const machine = await run(["check-config", "-C", folder.join(workspace), "-o", "json"], view);
      expect(machine.exitCode).toBe(code);
      expect((JSON.parse(machine.stdout) as Report).exitCode).toBe(code);
    }
  });
});

describe("the other commands", () => {
  const commands = ["run-integration-tests", "run-benchmarks", "run-all-tests"];

  it.each(commands)(
    "%s ends with 1 on a broken configuration, in every form, everything blocked by it",
    async (command) => {
      for (const format of [[], ["-o", "json"], ["-o", "junit"]]) {
        const { exitCode, stdout } = await run([command, "-C", folder.join("broken"), ...format]);
        expect(exitCode).toBe(1);
        if (format[1] !== "json") continue;
        const report = ReportSchema.parse(JSON.parse(stdout));
        expect(report.results.find(({ id }) => id === "CFG001")?.status).toBe("fail");
        const others = report.results.filter(({ kind }) => kind !== "check");
        expect(others.every(({ status }) => ["blocked", "notRun", "notApplicable"].includes(status))).toBe(true);
        expect(others.some(({ status }) => status === "blocked" || status === "notRun")).toBe(others.length > 0);
      }
    },
  );

  it.each(commands)("%s takes the same selection: 64 for nothing, 1 when everything is skipped", async (command) => {
    expect((await run([command, "-C", folder.join("good"), "--only", "NOTHING"])).exitCode).toBe(64);
    expect((await run([command, "-C", folder.join("good"), "--skip", "*"])).exitCode).toBe(1);
  });
});

describe("several outputs of one run", () => {
  it("are each written whole, beside the one for eyes", async () => {
    const [json, junit] = [folder.join("report.json"), folder.join("report.xml")];
    const { exitCode, stdout } = await run([
      "check-config",
      "-C",
      folder.join("advice"),
      "-o",
      `json=${json}`,
      "-o",
      `junit=${junit}`,
    ]);
    expect(exitCode).toBe(2);
    expect(stdout).toContain("usable with reservations");
    expect(ReportSchema.parse(JSON.parse(readFileSync(json, "utf8"))).exitCode).toBe(2);
    expect(readFileSync(junit, "utf8")).toContain('name="exitCode" value="2"');
    for (const path of [json, junit]) rmSync(path);
  });

  it("end with 70 when one cannot be written, whatever the verdict, and say which", async () => {
    const { exitCode, stderr } = await run([
      "check-config",
      "-C",
      folder.join("good"),
      "-o",
      // A folder in which nobody can make a file, root included.
      "junit=/proc/report.xml",
    ]);
    expect(exitCode).toBe(70);
    expect(stderr).toContain("/proc/report.xml");
  });

  it.each(["sarif", "markdown", "html"])("refuse %s, which is not built yet", async (format) => {
    const { exitCode, stdout, stderr } = await run(["check-config", "-C", folder.join("good"), "-o", format]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("not built yet");
    expect(stdout).toBe("");
  });
});

describe("no workspace", () => {
  it("is 1 for check-config, which checks just that, and not a crash", async () => {
    const { exitCode, stdout } = await run(["check-config", "-C", dirname(folder.path), "-o", "json"]);
    expect(exitCode).toBe(1);
    expect(ReportSchema.parse(JSON.parse(stdout)).results[0]).toMatchObject({ id: "CFG001", status: "fail" });
  });
});
