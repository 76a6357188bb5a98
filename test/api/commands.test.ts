import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Command } from "commander";
import { isPlanned } from "../../src/cli/planned-commands.ts";
import { type ApiWorld, startApiWorld } from "../support/api-world.ts";
import { type CliResult, runCaptured } from "../support/capture-cli.ts";
import { buildTestProgram } from "../support/command-lines.ts";

let world: ApiWorld;
/** A run that is over, and a token that may be looked at, for commands that need one. */
const known = { run: "", fails: "" };

beforeAll(async () => {
  world = await startApiWorld();
  await world.proxied.token("service:unused", "viewer");
  for (const [key, workflow] of [
    ["run", "hello"],
    ["fails", "fails"],
  ] as const) {
    known[key] = (JSON.parse((await remotely(["run", workflow, "-o", "json"])).stdout) as { id: string }).id;
  }
});
afterAll(async () => await world[Symbol.asyncDispose]());

async function remotely(argv: readonly string[]): Promise<CliResult> {
  return await runCaptured(withOptions(argv, "--url", world.proxied.url), { env: { MAHAVISHNU_TOKEN: world.token } });
}

async function locally(argv: readonly string[]): Promise<CliResult> {
  const { workspace, app } = world.proxied.server;
  const env = Object.fromEntries(
    Object.entries(app.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return await runCaptured(withOptions(argv, "-C", workspace), { env, cwd: workspace });
}

/** Options stand before what `--` keeps for another program. */
function withOptions(argv: readonly string[], ...options: readonly string[]): string[] {
  const end = argv.indexOf("--");
  return end === -1 ? [...argv, ...options] : [...argv.slice(0, end), ...options, ...argv.slice(end)];
}

/** What differs between any two times and callers: names of things that were made, moments, durations, and who asks. */
function blur({ exitCode, stdout, stderr }: CliResult): string {
  return (
    `${exitCode}\n${stdout}\n${stderr}`
      .replaceAll(/"(?:seq|requestId|hash|from|cursor|nextCursor|position)": [^\n]+/g, "")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?|\b\d\d:\d\d:\d\d\b/g, "TIME")
      .replaceAll(/\b\d+(?:\.\d+)? ?(?:ms|s|min|m|h)\b|\b(?:now|just now)\b/g, "DURATION")
      .replaceAll(/"(?:ms|durationMs|leaseMs)": [\d.]+/g, "DURATION")
      .replaceAll(/\b(?:local:\w+|user:root)\b/g, "WHO")
      .replaceAll(/[0-9a-f-]{36}|\b[0-9a-f]{32,64}\b/g, "UUID")
      .replaceAll(/(?<="(?:shortId|nonce|echo|id)": )"[^"]+"|(?<=mahavishnu runs \w+ )\w{4}\b/g, "ID")
      .replaceAll(/(?<=[ \t\n"/])[a-z0-9]{10}\b/g, "ID")
      // A server tells no folders of its own.
      .replaceAll(`${world.proxied.server.workspace}/`, "")
      .replaceAll(/ --url http:\/\/127\.0\.0\.1:\d+/g, "")
      .replaceAll(/ +/g, " ")
  );
}

/** What a command line tells here and at the server, as text and as JSON. */
async function compare(argv: readonly string[]): Promise<{ readonly here: string[]; readonly there: string[] }> {
  const [here, there]: [string[], string[]] = [[], []];
  for (const line of [argv, inJson(argv)]) {
    here.push(blur(await locally(line)));
    there.push(blur(await remotely(line)));
  }
  return { here, there };
}

/** Command lines that change nothing: they must tell the same here and at a server. */
const reads: readonly (readonly string[])[] = [
  ["repos", "list"],
  ["repos", "list", "-s", "tag:front"],
  ["repos", "list", "-s", "tag:nothing"],
  ["repos", "check"],
  ["repos", "graph"],
  ["repos", "scan", "."],
  ["repos", "scan", "nowhere"],
  ["workflows", "list"],
  ["workflows", "show", "hello"],
  ["workflows", "show", "hallo"],
  ["workflows", "validate"],
  ["config", "show"],
  ["config", "validate"],
  ["plan", "survey"],
  ["plan", "survey", "-s", "tag:a &&"],
  ["plan", "hello", "-i", "whom=x"],
  ["adapters", "list"],
  ["adapters", "health"],
  ["runs", "list"],
  ["runs", "show", "RUN"],
  ["runs", "show", "nosuchrun"],
  ["runs", "logs", "RUN"],
  ["runs", "logs", "RUN", "--step", "sya"],
  ["runs", "watch", "RUN"],
  ["runs", "watch", "FAILS"],
  ["runs", "cancel", "RUN"],
  ["runs", "resume", "RUN"],
  ["runs", "resume"],
  ["token", "list", "--subject", "service:unused"],
  ["token", "revoke", "0000000000"],
  ["access", "can", "user:vera", "runs:start", "alpha"],
  ["audit", "verify"],
  ["alerts", "silences"],
  ["alerts", "unsilence", "0000000000"],
  ["backup", "verify", "00000000"],
  ["webhooks", "list"],
  ["webhooks", "test", "nothing"],
  ["webhooks", "redeliver", `evt_${"0".repeat(24)}`],
  ["production", "explain", "CFG001"],
];

/** Command lines that do something, each time anew. */
const deeds: readonly (readonly string[])[] = [
  ["run", "hello", "-i", "who=you"],
  ["run", "fails"],
  ["run", "survey", "-s", "name:beta"],
  ["exec", "-s", "name:alpha", "--", "git", "rev-parse", "--abbrev-ref", "HEAD"],
  ["webhooks", "test", "chat"],
  ["alerts", "silence", "left", "--for", "1h", "--reason", "it moves"],
  ["alerts", "test", "left"],
];

/** Those whose answer is another one for another caller, or about what the caller has done before. */
const personal: readonly (readonly string[])[] = [
  ["runs", "purge", "--dry-run"],
  ["access", "whoami"],
  ["access", "show"],
  ["audit", "list", "--limit", "2"],
  ["audit", "export", "--limit", "2"],
  // When a token was used last is written down a little later.
  ["token", "list"],
  ["token", "create", "--subject", "service:ci"],
  ["token", "rotate"],
  ["webhooks", "deliveries"],
  ["alerts", "list"],
  ["slo", "list"],
  ["runs", "logs", "--service", "--limit", "5"],
  ["backup", "create"],
  ["backup", "list"],
  ["runs", "retry", "FAILS"],
  ["production", "check-config", "--only", "CFG*"],
];

const withRuns = (argv: readonly string[]): string[] =>
  argv.map((word) => (word === "RUN" ? known.run : word === "FAILS" ? known.fails : word));

const inJson = (argv: readonly string[]): string[] => withOptions(argv, "-o", "json");

describe("a command with --url", () => {
  it.each(reads.map((argv) => [argv.join(" "), argv] as const))("%s tells what it tells here", async (_line, argv) => {
    const { here, there } = await compare(withRuns(argv));
    expect(there).toEqual(here);
  });

  it.each(deeds.map((argv) => [argv.join(" "), argv] as const))("%s does what it does here", async (_line, argv) => {
    const { here, there } = await compare(argv);
    expect(there).toEqual(here);
  });

  it.each([
    ["run", ["run", "hello"]],
    ["exec", ["exec", "-s", "name:alpha", "--", "git", "--version"]],
    ["runs retry", ["runs", "retry", "FAILS"]],
  ])("%s tells each event that it has caused, however soon the run is over", async (_line, words) => {
    const argv = withOptions(withRuns(words), "-o", "ndjson");
    const typesOf = ({ stdout }: CliResult): string[] =>
      stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { type: string }).type);
    const there = typesOf(await remotely(argv));
    expect(there.length).toBeGreaterThan(3);
    expect(there).toEqual(typesOf(await locally(argv)));
  });

  it.each(personal.map((argv) => [argv.join(" "), argv] as const))("%s works", async (_line, words) => {
    const argv = withRuns(words);
    const [text, json] = [await remotely(argv), await remotely(inJson(argv))];
    const here = await locally(inJson(argv));
    expect([text.exitCode, json.exitCode]).toEqual([here.exitCode, here.exitCode]);
    expect(Object.keys(JSON.parse(json.stdout) as object)).toEqual(Object.keys(JSON.parse(here.stdout) as object));
  });

  it("is among these, or says that it works here alone", async () => {
    const covered = new Set([...reads, ...deeds, ...personal].map((argv) => nameOf(argv)));
    const others = listCommands(buildTestProgram()).filter((name) => !covered.has(name));
    // Those that take minutes are asked as `production check-config` is.
    const alike = ["production run-all-tests", "production run-benchmarks", "production run-integration-tests"];
    const alone = ["backup restore", "config schema", "doctor", "init", "serve", "upgrade"];
    expect(others.toSorted()).toEqual([...alike, ...alone].toSorted());
    for (const name of alone) {
      const { exitCode, stderr } = await remotely([...name.split(" "), ...(name === "backup restore" ? ["x"] : [])]);
      expect([exitCode, stderr]).toEqual([64, expect.stringContaining("--url")]);
    }
  });
});

function listCommands(program: Command, before: readonly string[] = []): string[] {
  const built = program.commands.filter((command) => !isPlanned(command) && command.name() !== "help");
  return built.flatMap((command) => {
    const name = [...before, command.name()];
    return command.commands.length > 0 ? listCommands(command, name) : [name.join(" ")];
  });
}

function nameOf(argv: readonly string[]): string {
  const names = new Set(listCommands(buildTestProgram()));
  const two = argv.slice(0, 2).join(" ");
  return names.has(two) ? two : (argv[0] ?? "");
}
