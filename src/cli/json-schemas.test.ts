import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { type CliResult, runCaptured } from "../../test/support/capture-cli.ts";
import { type OutputName, outputSchemas } from "./json-schemas.ts";

const run = promisify(execFile);
let cwd: string;

/** A workspace with two repositories, one of which is not there, and two workflows, one of which is not valid. */
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "schemas-"));
  await writeFile(join(cwd, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  await writeFile(
    join(cwd, "repos.yaml"),
    "version: 1\nroles: { library: {} }\nrepos: { web: { role: library, needs: [gone] }, gone: { optional: true } }\n",
  );
  const workflow = (name: string, command: string): string =>
    `version: 1\nname: ${name}\ninputs: { word: { type: string, default: hi } }\njobs:\n  greet:\n    sweep: { select: 'name:web' }\n    checkout: inPlace\n    steps: [{ run: ${command} }]\n`;
  await run("mkdir", [join(cwd, "workflows")]);
  await writeFile(join(cwd, "workflows/hello.yaml"), workflow("hello", "echo hello"));
  await writeFile(join(cwd, "workflows/fails.yaml"), workflow("fails", "exit 3"));
  await run("git", ["init", "-q", "-b", "main", join(cwd, "web")]);
  const author = ["-c", "user.name=x", "-c", "user.email=x@example.test"];
  await run("git", ["-C", join(cwd, "web"), ...author, "commit", "-q", "--allow-empty", "-m", "first"]);
});
afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };

async function call(...argv: readonly string[]): Promise<CliResult> {
  return await runCaptured(argv, { cwd, env });
}

function parseLines(text: string): unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/** What is wrong with a value, in words; empty when it has the shape. */
function problemsOf(name: OutputName, value: unknown): string {
  const result = outputSchemas[name].safeParse(value);
  return result.success ? "" : z.prettifyError(result.error);
}

/** A command line, its exit code and the shape of what it prints. */
interface Printed {
  readonly name: OutputName;
  readonly code: number;
  readonly argv: readonly string[];
}

/** Tokens rest on a secret. */
const withSecret = ["--set", "auth.secret=0123456789abcdef0123456789abcdef"];

/** An issuer is nothing without those. */
const withOidc = ["--set", "auth.oidc.audience=fleet"];

/** An outgoing webhook where nobody listens. */
const withHook = [
  "--set",
  "webhooks.outgoing.chat.url=http://127.0.0.1:9/hook",
  "--set",
  "webhooks.outgoing.chat.secret=0123456789abcdef01234567",
];

/** A rule and a channel, an objective. */
const withAlert = [
  "--set",
  "telemetry.channels.log.file=alerts.ndjson",
  "--set",
  'telemetry.alerts=[{"name":"failures","on":["run.failed"],"notify":["log"]}]',
];
const withSlo = ["--set", 'telemetry.slos={"all":{"availability":{"objective":99}}}'];

const documents: readonly Printed[] = [
  { name: "error", code: 64, argv: ["rnu"] },
  { name: "error", code: 64, argv: ["repos", "list", "-s", "("] },
  { name: "configShow", code: 0, argv: ["config", "show", "--origin", "--set", "limits.timeout=5m"] },
  { name: "configValidate", code: 0, argv: ["config", "validate"] },
  { name: "reposList", code: 0, argv: ["repos", "list"] },
  { name: "reposCheck", code: 0, argv: ["repos", "check"] },
  { name: "reposGraph", code: 0, argv: ["repos", "graph"] },
  { name: "reposScan", code: 0, argv: ["repos", "scan", "."] },
  { name: "workflowsList", code: 0, argv: ["workflows", "list"] },
  { name: "workflowsShow", code: 0, argv: ["workflows", "show", "hello"] },
  { name: "workflowsValidate", code: 0, argv: ["workflows", "validate"] },
  { name: "plan", code: 0, argv: ["plan", "hello", "-i", "word=hey"] },
  { name: "run", code: 0, argv: ["run", "hello"] },
  { name: "run", code: 1, argv: ["run", "fails"] },
  { name: "run", code: 0, argv: ["exec", "-s", "name:web", "--", "true"] },
  { name: "runsList", code: 0, argv: ["runs", "list"] },
  { name: "runsLogs", code: 0, argv: ["runs", "logs", "--service"] },
  { name: "runsResume", code: 0, argv: ["runs", "resume"] },
  { name: "runsPurge", code: 0, argv: ["runs", "purge", "--dry-run"] },
  { name: "runsPurge", code: 0, argv: ["runs", "purge"] },
  { name: "adaptersList", code: 0, argv: ["adapters", "list"] },
  { name: "adaptersHealth", code: 0, argv: ["adapters", "health"] },
  { name: "tokenCreate", code: 0, argv: ["token", "create", "--subject", "service:ci", ...withSecret] },
  { name: "tokenList", code: 0, argv: ["token", "list"] },
  { name: "tokenRevoke", code: 0, argv: ["token", "revoke", "--subject", "service:gone"] },
  { name: "tokenRotate", code: 0, argv: ["token", "rotate", ...withSecret] },
  { name: "accessShow", code: 0, argv: ["access", "show"] },
  { name: "accessCan", code: 1, argv: ["access", "can", "user:dana", "runs:start", "web"] },
  { name: "accessWhoami", code: 0, argv: ["access", "whoami"] },
  { name: "auditList", code: 0, argv: ["audit", "list"] },
  { name: "auditVerify", code: 0, argv: ["audit", "verify"] },
  { name: "webhooksList", code: 0, argv: ["webhooks", "list", ...withHook] },
  { name: "webhooksTest", code: 1, argv: ["webhooks", "test", "chat", ...withHook] },
  { name: "webhooksDeliveries", code: 0, argv: ["webhooks", "deliveries", "--state", "dead"] },
  { name: "alertsList", code: 0, argv: ["alerts", "list", ...withAlert] },
  {
    name: "alertsSilence",
    code: 0,
    argv: ["alerts", "silence", "failures", "--for", "1h", "--reason", "x", ...withAlert],
  },
  { name: "alertsSilences", code: 0, argv: ["alerts", "silences", ...withAlert] },
  { name: "alertsTest", code: 0, argv: ["alerts", "test", "failures", ...withAlert] },
  { name: "sloList", code: 0, argv: ["slo", "list", ...withSlo] },
  { name: "backupCreate", code: 0, argv: ["backup", "create"] },
  { name: "backupCreate", code: 0, argv: ["backup", "create", "--to", "copy.tar.zst"] },
  { name: "backupList", code: 0, argv: ["backup", "list"] },
  { name: "backupVerify", code: 0, argv: ["backup", "verify", "latest"] },
  { name: "backupRestore", code: 0, argv: ["backup", "restore", "copy.tar.zst", "--force"] },
  { name: "upgrade", code: 0, argv: ["upgrade", "--dry-run"] },
  { name: "doctor", code: 1, argv: ["doctor", "--set", "auth.oidc.issuer=http://127.0.0.1:9", ...withOidc] },
  { name: "productionPlan", code: 0, argv: ["production", "run-all-tests", "--list"] },
  { name: "productionPlan", code: 0, argv: ["production", "check-config", "--plan"] },
  { name: "productionExplain", code: 0, argv: ["production", "explain", "CFG001"] },
  { name: "productionExplain", code: 0, argv: ["production", "explain", "BW1"] },
  { name: "init", code: 0, argv: ["init", "new"] },
];

const lines: readonly Printed[] = [
  { name: "reposListLine", code: 0, argv: ["repos", "list"] },
  { name: "reposCheckLine", code: 0, argv: ["repos", "check"] },
  { name: "workflowsListLine", code: 0, argv: ["workflows", "list"] },
  { name: "runLine", code: 0, argv: ["run", "hello"] },
  { name: "runsListLine", code: 0, argv: ["runs", "list"] },
  { name: "tokenListLine", code: 0, argv: ["token", "list"] },
  { name: "adaptersListLine", code: 0, argv: ["adapters", "list"] },
  { name: "adaptersHealthLine", code: 0, argv: ["adapters", "health"] },
  { name: "auditListLine", code: 0, argv: ["audit", "list"] },
  { name: "auditExportLine", code: 0, argv: ["audit", "export"] },
  { name: "webhooksListLine", code: 0, argv: ["webhooks", "list", ...withHook] },
  { name: "webhooksDeliveriesLine", code: 0, argv: ["webhooks", "deliveries"] },
  { name: "alertsListLine", code: 0, argv: ["alerts", "list", ...withAlert] },
  { name: "alertsSilencesLine", code: 0, argv: ["alerts", "silences", ...withAlert] },
  { name: "sloListLine", code: 0, argv: ["slo", "list", ...withSlo] },
  { name: "backupListLine", code: 0, argv: ["backup", "list"] },
  { name: "productionPlanLine", code: 0, argv: ["production", "run-all-tests", "--list"] },
  { name: "productionLine", code: 1, argv: ["production", "check-config"] },
];

describe("what commands print for machines has its published shape, alone on the standard output", () => {
  it.each(documents)("$name ($code): $argv", async ({ name, code, argv }) => {
    const { exitCode, stdout, stderr } = await call("-o", "json", ...argv);
    expect(problemsOf(name, JSON.parse(stdout))).toBe("");
    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: "" });
  });

  it.each(lines)("$name ($code): $argv", async ({ name, code, argv }) => {
    const { exitCode, stdout } = await call("-o", "ndjson", ...argv);
    const values = parseLines(stdout);
    expect(values.length).toBeGreaterThan(0);
    expect(values.map((value) => problemsOf(name, value)).join("")).toBe("");
    expect(exitCode).toBe(code);
  });

  it("a suite tells each answer as a line, and its report as the last one", async () => {
    const { stdout } = await call("production", "check-config", "-o", "ndjson");
    const values = parseLines(stdout) as {
      type: string;
      result?: { id: string };
      report?: { results: { id: string; rollUpOf: string[] }[] };
    }[];
    expect(values.filter(({ type }) => type === "report")).toEqual([values.at(-1)]);
    const asked = values
      .at(-1)
      ?.report?.results.filter(({ rollUpOf }) => rollUpOf.length === 0)
      .map(({ id }) => id);
    const told = values.flatMap(({ result }) => (result === undefined ? [] : [result.id]));
    expect(told.toSorted()).toEqual(asked?.toSorted());
  });

  it("runs show and runs logs of a run that was", async () => {
    const started = JSON.parse((await call("run", "hello", "-o", "json")).stdout) as { id: string };
    const shown = await call("runs", "show", started.id, "-o", "json");
    expect(problemsOf("run", JSON.parse(shown.stdout))).toBe("");
    const logs = await call("runs", "logs", started.id, "-o", "ndjson");
    const values = parseLines(logs.stdout);
    expect(values.map((value) => problemsOf("runsLogsLine", value)).join("")).toBe("");
    expect(logs.stdout).toContain("hello");
  });

  it("alerts unsilence of a silence", async () => {
    const words = ["alerts", "silence", "failures", "--for", "1h", "--reason", "x", ...withAlert, "-o", "json"];
    const { id } = JSON.parse((await call(...words)).stdout) as { id: string };
    const { stdout } = await call("alerts", "unsilence", id, ...withAlert, "-o", "json");
    expect(problemsOf("alertsUnsilence", JSON.parse(stdout))).toBe("");
  });

  it("webhooks redeliver of a delivery that was given up", async () => {
    const tried = JSON.parse((await call("webhooks", "test", "chat", ...withHook, "-o", "json")).stdout) as {
      id: string;
    };
    const { stdout } = await call("webhooks", "redeliver", tried.id, ...withHook, "-o", "json");
    expect(problemsOf("webhooksRedeliver", JSON.parse(stdout))).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ id: tried.id, state: "pending", attempts: 0 });
    const gone = await call("webhooks", "redeliver", tried.id);
    expect([gone.exitCode, gone.stderr]).toEqual([64, expect.stringContaining("there is no outgoing webhook")]);
  });
});

describe("the published shapes", () => {
  it("can all be written as JSON Schema", () => {
    for (const schema of Object.values(outputSchemas)) expect(z.toJSONSchema(schema)).toHaveProperty("$schema");
  });

  it("are all proved here", () => {
    const proved = new Set<string>([...documents, ...lines].map(({ name }) => name));
    expect(Object.keys(outputSchemas).filter((name) => !proved.has(name))).toEqual([
      "runsLogsLine",
      "alertsUnsilence",
      "webhooksRedeliver",
    ]);
  });

  it("refuse what they do not know", () => {
    expect(
      problemsOf("init", { schemaVersion: 1, folder: "x", demo: false, kept: false, made: [], more: 1 }),
    ).toContain("more");
    expect(problemsOf("init", { schemaVersion: 2, folder: "x", demo: false, kept: false, made: [] })).toContain(
      "schemaVersion",
    );
  });
});
