import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { until } from "../app/webhook-fixture.ts";
import type { AlertMessage } from "../telemetry/alerts/alert.ts";
import { startTestServer, type TestServer } from "./server-fixture.ts";

const workflow = `version: 1
name: ship
inputs: { code: { type: integer, default: 1 } }
jobs:
  go: { steps: [{ run: 'exit "$CODE"', env: { CODE: "\${{ inputs.code }}" } }] }
`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    files: { "workflows/ship.yaml": workflow },
    bindings: [
      { subject: "user:olga", role: "operator" },
      { subject: "user:vera", role: "viewer" },
    ],
    config: {
      telemetry: {
        channels: {
          ops: { file: "told.ndjson" },
          broken: { file: "none/told.ndjson" },
          shut: { slack: "${env:NOT_THERE}" },
        },
        alerts: [
          { name: "failures", on: ["run.failed"], notify: ["ops"], runbook: "https://wiki.example.test/failures" },
          { name: "degraded", on: ["server.degraded"], notify: ["ops"] },
          { name: "late", absent: { event: "run.succeeded", for: "1h" }, notify: ["ops"] },
        ],
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(
  subject: string,
  path: string,
  method = "GET",
  body?: object,
): Promise<{ status: number; body: never }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await server.token(subject)}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

const told = async (): Promise<AlertMessage[]> =>
  (await readFile(join(server.workspace, "told.ndjson"), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AlertMessage);

const ship = async (code: "0" | "1"): Promise<string> => {
  const { body } = await ask("user:olga", "/v1/runs", "POST", { workflow: "ship", inputs: { code } });
  return (body as { runId: string }).runId;
};

describe("alerts of a server", { timeout: 60_000 }, () => {
  it("tell of a failed run and of its mending, are listed, and kept silent, by who may", async () => {
    const failed = await ship("1");
    await until(async () => (await told()).length === 1, "the alert");
    expect((await told())[0]).toMatchObject({
      channel: "ops",
      rule: "failures",
      isTest: false,
      alerts: [
        {
          state: "firing",
          severity: "error",
          labels: { rule: "failures", workflow: "ship" },
          runId: failed,
          runbook: "https://wiki.example.test/failures",
        },
      ],
    });
    expect(await ask("user:olga", "/v1/alerts")).toMatchObject({
      status: 200,
      body: {
        items: [
          {
            name: "failures",
            state: "firing",
            alerts: [{ state: "firing", count: 1, silencedBy: null, runId: failed }],
          },
          { name: "degraded", notify: ["ops"] },
          { name: "late", state: "unknown", note: expect.stringContaining("not happened yet") as unknown, alerts: [] },
        ],
      },
    });
    expect((await ask("user:vera", "/v1/alerts")).status).toBe(403);
    const wish = { rule: "failures", labels: { workflow: "ship" }, forMs: 3_600_000, reason: "the registry moves" };
    expect((await ask("user:vera", "/v1/alerts/silences", "POST", wish)).status).toBe(403);
    expect((await ask("user:olga", "/v1/alerts/silences", "POST", { ...wish, rule: "failure" })).status).toBe(404);
    const silence = await ask("user:olga", "/v1/alerts/silences", "POST", wish);
    const { id } = silence.body as { id: string };
    expect(silence).toMatchObject({ status: 201, body: { rule: "failures", createdBy: "user:olga" } });
    expect(await ask("user:olga", "/v1/alerts")).toMatchObject({
      body: { items: [{ state: "silenced", alerts: [{ silencedBy: id }] }, { name: "degraded" }, { name: "late" }] },
    });
    expect(await ask("user:olga", "/v1/alerts/silences")).toMatchObject({ body: { items: [{ id }] } });
    await ship("0");
    // Whoever was told that it began hears that it is over.
    await until(async () => (await told()).length === 2, "the end of the alert");
    expect((await told())[1]?.alerts).toMatchObject([{ state: "resolved", runId: failed }]);
    expect((await ask("user:olga", `/v1/alerts/silences/${id}`, "DELETE")).status).toBe(200);
    expect((await ask("user:olga", `/v1/alerts/silences/${id}`, "DELETE")).status).toBe(404);
    const audit = await (
      await server.app.store()
    ).listAudit({ limit: 10, action: "alerts:silence", decision: "allowed" });
    expect(audit.map(({ resource }) => resource)).toEqual(["alert:failures", `silence:${id}`, `silence:${id}`]);
  });

  it("say whether channels can be told", async () => {
    expect(await ask("user:olga", "/v1/alerts/test", "POST", {})).toMatchObject({
      status: 200,
      body: {
        items: [
          { channel: "ops", taken: true, error: null },
          { channel: "broken", taken: false, error: expect.stringContaining("ENOENT") as unknown },
          { channel: "shut", taken: false, error: expect.stringContaining("leads to nothing") as unknown },
        ],
      },
    });
    expect((await told()).at(-1)).toMatchObject({ isTest: true, alerts: [{ state: "firing", severity: "info" }] });
    expect((await ask("user:olga", "/v1/alerts/test", "POST", { channel: "op" })).status).toBe(404);
    const metrics = await fetch(`${server.url}/metrics`, {
      headers: { authorization: `Bearer ${await server.token("user:olga")}` },
    });
    const text = await metrics.text();
    expect(text).toContain('mahavishnu_alerts_firing{severity="error"} 0');
    expect(text).toMatch(/^mahavishnu_alert_messages_total\{channel="ops",result="delivered"\} 2$/m);
  });

  it("are looked at, kept silent and tried by command", async () => {
    const call = async (...words: string[]) =>
      await runCaptured(["alerts", ...words], { cwd: server.workspace, env: {} });
    await ship("0");
    await until(async () => /late +ok/.test((await call("list")).stdout), "the rule to be known");
    expect((await call("list")).stdout).toMatch(/failures +ok/);
    const silenced = await call("silence", "late", "--for", "2h", "--reason", "a holiday", "-o", "json");
    const { id } = JSON.parse(silenced.stdout) as { id: string };
    expect((await call("silences")).stdout).toMatch(new RegExp(`${id} +late +.*a holiday`));
    expect((await call("list")).stdout).toMatch(/late +silenced/);
    expect((await call("unsilence", id)).stdout).toBe("late is not silent any more\n");
    expect(await call("test", "failures")).toMatchObject({ exitCode: 0, stdout: "taken  ops\n" });
    const failed = await call("test", "--channel", "broken");
    expect([failed.exitCode, failed.stdout]).toEqual([
      1,
      expect.stringContaining("not taken  broken: ENOENT") as unknown,
    ]);
    expect((await call("silence", "lat", "--for", "2h", "--reason", "x")).exitCode).toBe(64);
  });

  it("do not take a server that is started or stopped for a broken one", async () => {
    await until(async () => {
      const { body } = await ask("user:olga", "/v1/alerts");
      return (body as { items: { state: string }[] }).items[1]?.state === "ok";
    }, "the server to be looked at");
    await server.stop();
    expect((await told()).filter(({ rule }) => rule === "degraded")).toEqual([]);
  });
});
