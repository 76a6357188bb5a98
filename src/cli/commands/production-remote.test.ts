import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { callServer, followServer } from "../../client/call-server.ts";
import type { Connection } from "../../client/connection.ts";
import type { Report } from "../../readiness/report/report.ts";
import { ReportSchema } from "../../readiness/report/schema.ts";
import { sweepScratch } from "../../readiness/scratch.ts";
import { startTestServer, type TestServer } from "../../server/server-fixture.ts";

let server: TestServer;
let connection: Connection;
let elsewhere: string;
/** As the test server has it. */
const secret = { MAHAVISHNU_TEST_SECRET: "a secret for tests, long enough to count" };

beforeAll(async () => {
  const workflow = "version: 1\nname: w\njobs: { a: { steps: [{ id: s, run: 'true' }] } }\n";
  server = await startTestServer({
    bindings: [
      { subject: "user:olga", role: "operator" },
      { subject: "user:vera", role: "viewer" },
    ],
    files: { "repos.yaml": "version: 1\nrepos: {}\n", "workflows/w.yaml": workflow },
    // Where the locks of suites lie too.
    env: { TMPDIR: tmpdir() },
  });
  connection = {
    url: new URL(server.url),
    token: await server.token("user:olga"),
    signal: new AbortController().signal,
  };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  // As the next suite does: one of these was killed.
  await sweepScratch();
});
beforeEach(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), "elsewhere-"));
});
afterEach(async () => await rm(elsewhere, { recursive: true, force: true }));

/** Asks the server, from a folder that has nothing to do with its workspace. */
async function remote(...args: readonly string[]): ReturnType<typeof runCaptured> {
  const env = { MAHAVISHNU_TOKEN: connection.token ?? "" };
  return await runCaptured(["production", ...args, "--url", server.url], { cwd: elsewhere, env });
}

/** Asks the workspace itself. */
async function local(...args: readonly string[]): ReturnType<typeof runCaptured> {
  const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
  const env = { ...secret, PATH, NODE_COMPILE_CACHE };
  return await runCaptured(["production", ...args, "-C", server.workspace], { cwd: elsewhere, env });
}

/** What two runs of the same suite have in common. */
function sameOf({ verdict, exitCode, results, gates, profile, command, workspace }: Report): unknown {
  const told = results.map(({ id, status, severity, reason, target }) => ({ id, status, severity, reason, target }));
  const known = told.map((each) => ({ ...each, reason: each.reason.replaceAll(/\d[\d.,]*/g, "N") }));
  return { verdict, exitCode, gates, profile, command, workspace, results: known };
}

describe("a suite at a server", () => {
  it("gives the same report, verdict and code as one here, and writes files here", async () => {
    const here = await local("check-config", "--skip", "LIM*,CFG013", "-o", "json");
    const there = await remote("check-config", "--skip", "LIM*,CFG013", "-o", "json", "-o", "junit=report.xml");
    expect(there.stderr).toBe(here.stderr);
    expect(there.exitCode).toBe(here.exitCode);
    const [mine, its] = [here, there].map(({ stdout }) => ReportSchema.parse(JSON.parse(stdout)));
    expect(sameOf(its as Report)).toEqual(sameOf(mine as Report));
    expect(await readFile(join(elsewhere, "report.xml"), "utf8")).toContain("<testsuites");
  });

  it("acts, tells each event as it happens with -o ndjson, and looks the same to eyes", async () => {
    const only = ["run-integration-tests", "--only", "IB1", "--no-wait"];
    const [here, there] = [await local(...only, "-o", "ndjson"), await remote(...only, "-o", "ndjson")];
    const linesOf = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string; id?: string; result?: { id: string; status: string } });
    const shortOf = (text: string) =>
      linesOf(text)
        .map(({ type, id, result }) => `${type} ${id ?? result?.id ?? ""} ${result?.status ?? ""}`)
        .toSorted();
    expect(linesOf(there.stdout).at(-1)?.type).toBe("report");
    expect(shortOf(there.stdout)).toEqual(shortOf(here.stdout));
    expect(there.exitCode).toBe(here.exitCode);
    const plain = await remote("check-config", "--only", "CFG001", "--exit-zero");
    expect([plain.exitCode, plain.stderr]).toEqual([0, ""]);
    expect(plain.stdout).toContain("Configuration validity");
  });

  it("lists, plans and explains as here", async () => {
    for (const words of [
      ["run-all-tests", "--plan"],
      ["check-config", "--list", "-o", "json"],
      ["run-benchmarks", "--list", "-o", "ndjson"],
      ["explain", "BW1"],
      ["explain", "sec001", "-o", "json"],
    ]) {
      expect(await remote(...words), words.join(" ")).toEqual(await local(...words));
    }
    for (const words of [
      ["check-config", "--only", "nothing"],
      ["run-all-tests", "--plan", "-o", "junit"],
      ["explain", "SEC00l"],
    ]) {
      expect(await remote(...words), words.join(" ")).toEqual(await local(...words));
    }
  });

  it("is refused to who may not, before anything begins", async () => {
    const count = (await callServer(connection, "listSuites", {})).items.length;
    const env = { MAHAVISHNU_TOKEN: await server.token("user:vera") };
    const asVera = { cwd: elsewhere, env };
    const refused = await runCaptured(["production", "check-config", "--url", server.url], asVera);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toContain("[ACCESS_DENIED]");
    expect((await callServer(connection, "listSuites", {})).items).toHaveLength(count);
  });

  it("is there for everybody who asks later, with its events from any place on, in files for the owner alone", async () => {
    const { id } = await callServer(connection, "startSuite", { command: "check-config", only: ["CFG*"] });
    const whole = await Array.fromAsync(followServer(connection, "followSuite", { id }));
    expect(whole.slice(0, -1).map(({ id: number }) => Number(number))).toEqual(whole.slice(1).map((_, n) => n + 1));
    const half = Math.floor(whole.length / 2);
    expect(await Array.fromAsync(followServer(connection, "followSuite", { id, after: half }))).toEqual(
      whole.slice(half),
    );
    const shown = await callServer(connection, "showSuite", { id });
    expect(shown).toMatchObject({ id, state: "ended", startedBy: "user:olga", error: null });
    expect(whole.at(-1)?.data).toEqual(shown);
    expect((await callServer(connection, "listSuites", {})).items[0]).toMatchObject({ id, verdict: shown.verdict });
    const folder = join(server.workspace, ".mahavishnu", "suites");
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    await expect(callServer(connection, "cancelSuite", { id })).rejects.toMatchObject({ code: "SUITE_STATE" });
    await expect(callServer(connection, "showSuite", { id: "0".repeat(10) })).rejects.toMatchObject({
      code: "SUITE_NOT_FOUND",
    });
  });

  it("is cancelled with a report, and one that was killed counts as interrupted; a second one waits or is refused", async () => {
    // All of them, which takes long: it must be going on when the others are asked for.
    const first = await callServer(connection, "startSuite", { command: "run-integration-tests" });
    const state = async (id: string) => (await callServer(connection, "showSuite", { id })).state;
    const began = async (id: string, type: string) => {
      const events = followServer(connection, "followSuite", { id });
      for await (const { data } of events) if ((data as { readonly type?: string }).type === type) return;
    };
    await began(first.id, "begin");
    await expect(
      callServer(connection, "startSuite", { command: "run-integration-tests", wait: false }),
    ).rejects.toMatchObject({ code: "SUITE_BUSY" });
    const second = await callServer(connection, "startSuite", { command: "run-integration-tests" });
    await began(second.id, "waiting");
    expect(await state(second.id)).toBe("waiting");
    await callServer(connection, "cancelSuite", { id: first.id });
    await Array.fromAsync(followServer(connection, "followSuite", { id: first.id }));
    expect(await callServer(connection, "showSuite", { id: first.id })).toMatchObject({
      state: "ended",
      exitCode: 130,
    });
    await began(second.id, "begin");
    const record = JSON.parse(
      await readFile(join(server.workspace, ".mahavishnu", "suites", `${second.id}.json`), "utf8"),
    ) as { process: { pid: number } };
    process.kill(record.process.pid, "SIGKILL");
    const last = (await Array.fromAsync(followServer(connection, "followSuite", { id: second.id }))).at(-1);
    expect(last).toMatchObject({ event: "suite", data: { state: "interrupted", report: null, exitCode: null } });
    const third = { command: "check-config", all: true, only: ["CFG013"], wait: false } as const;
    const { id } = await callServer(connection, "startSuite", third);
    await Array.fromAsync(followServer(connection, "followSuite", { id }));
    expect(await state(id), "what was killed stands in nobody's way").toBe("ended");
  });

  it("keeps the last twenty", async () => {
    const folder = join(server.workspace, ".mahavishnu", "suites");
    for (let n = 0; n < 25; n += 1) {
      const id = `old000000${"abcdefghijkmnpqrstvwxyz0123".charAt(n)}`;
      const startedAt = new Date(n * 1_000).toISOString();
      const record = { id, command: "check-config", startedBy: "user:olga", startedAt, process: null };
      await writeFile(join(folder, `${id}.json`), JSON.stringify(record), { mode: 0o600 });
      await writeFile(join(folder, `${id}.ndjson`), '{"half":', { mode: 0o600 });
    }
    const { id } = await callServer(connection, "startSuite", { command: "check-config", only: ["CFG001"] });
    await Array.fromAsync(followServer(connection, "followSuite", { id }));
    const { items } = await callServer(connection, "listSuites", {});
    expect(items).toHaveLength(20);
    expect(items[0]?.id).toBe(id);
    expect(items.at(-1)?.state).toBe("interrupted");
    expect((await readdir(folder)).length).toBe(40);
  });
});
