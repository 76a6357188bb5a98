import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { buildProgram } from "./program.ts";

const program = buildProgram({
  argv: [],
  env: {},
  cwd: "/",
  helpWidth: 100,
  writeHelp: () => {},
  mayName: () => true,
  openIo: () => {
    throw new Error("no command is run here");
  },
  finish: () => {},
});

interface Declared {
  readonly path: string;
  readonly command: Command;
}

/** All commands that do something, without the hidden ones that only refuse. */
function leavesOf(command: Command, path: readonly string[]): Declared[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== "help");
  if (visible.length === 0) return [{ path: path.join(" "), command }];
  return visible.flatMap((sub) => leavesOf(sub, [...path, sub.name()]));
}

const leaves = leavesOf(program, []);

describe("the program", () => {
  it("declares the commands of this issue, no more and no fewer", () => {
    expect(leaves.map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "init",
        "config show",
        "config validate",
        "config schema",
        "repos list",
        "repos check",
        "repos graph",
        "repos scan",
        "workflows list",
        "workflows show",
        "workflows validate",
        "adapters list",
        "adapters health",
        "audit list",
        "audit verify",
        "audit export",
        "plan",
        "run",
        "exec",
        "runs list",
        "runs show",
        "runs logs",
        "runs watch",
        "runs cancel",
        "runs resume",
        "runs retry",
        "runs purge",
        "serve",
        "token create",
        "token list",
        "token revoke",
        "token rotate",
        "access show",
        "access can",
        "access whoami",
        "webhooks list",
        "webhooks deliveries",
        "webhooks redeliver",
        "webhooks test",
        "alerts list",
        "alerts silence",
        "alerts silences",
        "alerts unsilence",
        "alerts test",
        "slo list",
        "doctor",
        "backup create",
        "backup list",
        "backup verify",
        "backup restore",
        "upgrade",
        "production check-config",
        "production run-integration-tests",
        "production run-benchmarks",
        "production run-all-tests",
        "production explain",
      ]
    `);
  });

  it.each(leaves.map(({ path }) => path))("%s --help: flags, examples and exit codes", async (path) => {
    const { exitCode, stdout, stderr } = await runCaptured([...path.split(" "), "--help"]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain(`Usage: mahavishnu ${path} [options]`);
    expect(stdout).toContain(`  $ mahavishnu ${path}`);
    expect(stdout).toContain("Global options:");
    expect(stdout).toContain("\nExit codes:\n  0 ");
    const tooWide = stdout.split("\n").filter((line) => line.length > 100 && !line.startsWith("  name:glob"));
    expect(tooWide).toEqual([]);
  });

  it("describes every flag and argument", () => {
    const silent = leaves.flatMap(({ path, command }) => [
      ...command.options
        .filter((option) => !option.hidden && option.description === "")
        .map((o) => `${path} ${o.flags}`),
      ...command.registeredArguments.filter(({ description }) => description === "").map((a) => `${path} ${a.name()}`),
    ]);
    expect(silent).toEqual([]);
  });

  it("gives one letter one meaning everywhere", () => {
    const meanings = new Map<string, Set<string>>();
    for (const { command } of leaves) {
      for (const { short, long } of command.options) {
        if (short === undefined || long === undefined) continue;
        meanings.set(short, (meanings.get(short) ?? new Set()).add(long));
      }
    }
    expect(Object.fromEntries([...meanings].map(([short, long]) => [short, [...long].join(" ")]))).toEqual({
      "-C": "--workspace",
      "-f": "--follow",
      "-i": "--input",
      "-o": "--output",
      "-q": "--quiet",
      "-s": "--select",
      "-v": "--verbose",
    });
  });

  it("shows the groups on its own help page", async () => {
    expect((await runCaptured(["--help"])).stdout).toMatchSnapshot();
  });
});

describe("wrong command lines end with 64, the reason and the fix", () => {
  it.each([
    [["rnu"], "unknown command 'rnu'", 'did you mean "run"? See `mahavishnu --help`.'],
    [["runs", "lst"], "unknown command 'lst'", 'did you mean "list"? See `mahavishnu runs --help`.'],
    [["run", "x", "--selct", "a"], "unknown option '--selct'", 'did you mean "--select"? See `mahavishnu run --help`.'],
    [["run"], "missing required argument 'WORKFLOW'", "See `mahavishnu run --help`."],
    [
      ["run", "a", "b"],
      "too many arguments for 'run'. Expected 1 argument but got 2: a, b.",
      "See `mahavishnu run --help`.",
    ],
    [["run", "x", "-i"], "option '-i, --input <KEY=VALUE>' argument missing", "See `mahavishnu run --help`."],
    [
      ["-C", ""],
      "option '-C, --workspace <DIR>' argument '' is invalid. It must not be empty.",
      "See `mahavishnu --help`.",
    ],
    [["repos", "list", "-o", "xml"], 'unknown output format "xml"', "known: text, json, ndjson"],
    [["init", "--fresh"], "--fresh goes with --demo only", "Add --demo, or leave --fresh out."],
    [
      ["exec", "git", "log", "-v"],
      "the command must stand after --, so that its flags are its own",
      "Write: mahavishnu exec [flags] -- git log -v",
    ],
    [
      ["exec", "git", "--", "log"],
      "the command must stand after --, so that its flags are its own",
      "Write: mahavishnu exec [flags] -- git log",
    ],
    [
      ["production", "run-all-tests", "--list", "--plan"],
      "--list and --plan contradict each other",
      "Give one of them.",
    ],
    [["repos", "list", "-q", "-v"], "-q and -v contradict each other", "Give one of them."],
    [["-q", "repos", "list", "-v"], "-q and -v contradict each other", "Give one of them."],
    [["repos", "list", "-s", "name:a", "-s", "name:b"], "--select is given twice", "Give it once."],
    [["run", "x", "-i", "major=24", "-i", "major=25"], '-i gives "major" twice', "Give each key once."],
    [
      ["--set", "auth.secret=hunter2", "config", "show", "--set", "auth.secret=hunter3"],
      '--set gives "auth.secret" twice',
      "Give each key once.",
    ],
    [
      ["production", "check-config", "--wait", "1s", "--no-wait"],
      "--wait and --no-wait contradict each other",
      "Give one of them.",
    ],
    [
      ["production", "check-config", "--no-wait", "--wait=1s"],
      "--no-wait and --wait contradict each other",
      "Give one of them.",
    ],
    [["production", "run-all-tests", "--seed", "3"], "--seed goes with --shuffle only", "Add --shuffle."],
  ])("%j", async (argv, message, fix) => {
    const { exitCode, stdout, stderr } = await runCaptured(argv);
    expect(stderr).toBe(`mahavishnu: ${message}\n  fix: ${fix}  [USAGE]\n`);
    expect(stdout).toBe("");
    expect(exitCode).toBe(64);
  });

  it.each([
    [["worker"], "`mahavishnu worker` is not built yet"],
    [["worker", "--port", "1"], "`mahavishnu worker` is not built yet"],
    [["runs", "pause", "x"], "`mahavishnu runs pause` is not built yet"],
    [["production", "self-test"], "`mahavishnu production self-test` is not built yet"],
  ])("%j is planned, and refused as such", async (argv, message) => {
    const { exitCode, stderr } = await runCaptured(argv);
    expect(stderr).toMatch(new RegExp(`^mahavishnu: ${RegExp.escape(message)}\n  fix: .+  \\[NOT_BUILT\\]\n$`));
    expect(exitCode).toBe(64);
  });

  it.each([
    [["repos", "list", "--url", "nowhere"], '"nowhere" is no address of a server'],
    [["--url=ftp://a.test", "repos", "list"], '"ftp://a.test" is no address of a server'],
    [
      ["repos", "list", "--url", "http://a.test"],
      "http://a.test is not on this machine, and http: would show the token",
    ],
    [["repos", "list", "--url", "https://dana:pw@a.test"], "an address of a server holds no user and password"],
    [["repos", "list", "--url", "https://a.test", "-C", "x"], "--url and -C contradict each other"],
    [["init", "x", "--url", "https://a.test"], "this command works in a workspace of this machine only"],
    [["serve", "--url", "https://a.test"], "this command works in a workspace of this machine only"],
    [["config", "schema", "--url", "https://a.test"], "this command works in a workspace of this machine only"],
  ])("%j names a server in vain", async (argv, message) => {
    const { exitCode, stderr } = await runCaptured(argv);
    expect(stderr).toContain(`mahavishnu: ${message}`);
    expect(exitCode).toBe(64);
  });

  it("takes a server from MAHAVISHNU_URL, unless a flag names a workspace", async () => {
    const env = { MAHAVISHNU_URL: "nowhere" };
    expect((await runCaptured(["repos", "list"], { env })).stderr).toContain('"nowhere" is no address of a server');
    expect((await runCaptured(["repos", "list", "-C", "/nowhere"], { env })).stderr).toContain("WORKSPACE_NOT_FOUND");
  });

  it.each([[[]], [["repos"]], [["-q"]], [["runs", "-C", "x"]]])(
    "%j has no command: help on the standard error",
    async (argv) => {
      const { exitCode, stdout, stderr } = await runCaptured(argv);
      expect(stderr).toMatch(/^Usage: mahavishnu/);
      expect(stdout).toBe("");
      expect(exitCode).toBe(64);
    },
  );
});

describe("help and version", () => {
  it.each([
    [["help"]],
    [["help", "run"]],
    [["run", "-h"]],
    [["repos", "--help"]],
    [["-C", "/x", "repos", "list", "--help"]],
  ])("%j goes to the standard output with 0", async (argv) => {
    const { exitCode, stdout, stderr } = await runCaptured(argv);
    expect(stdout).toMatch(/^Usage: mahavishnu/);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("--version works with other flags around it", async () => {
    const { exitCode, stdout } = await runCaptured(["-q", "--version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });
});

describe("errors with -o json and -o ndjson", () => {
  it("are one JSON document on the standard output, with the same exit code", async () => {
    const { exitCode, stdout, stderr } = await runCaptured(["run", "--bogus", "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      error: {
        code: "USAGE",
        message: "unknown option '--bogus'",
        fix: "See `mahavishnu run --help`.",
        diagnostics: [],
      },
    });
    expect(stderr).toBe("");
    expect(exitCode).toBe(64);
  });

  it("are one line with ndjson", async () => {
    const { stdout } = await runCaptured(["-o", "ndjson", "rnu"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE" } });
  });

  it("are there for a missing command too", async () => {
    const { exitCode, stdout } = await runCaptured(["repos", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE", message: "a command is missing" } });
    expect(exitCode).toBe(64);
  });
});
