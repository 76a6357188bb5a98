import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

const workflow = (name: string, steps: string): string =>
  `version: 1\nname: ${name}\njobs:\n  go: { steps: [${steps}] }\n`;

let server: TestServer;
let olga: string;

beforeAll(async () => {
  server = await startTestServer({
    files: {
      "workflows/good.yaml": workflow("good", "{ run: git version }"),
      "workflows/bad.yaml": workflow("bad", "{ run: exit 3 }"),
      "workflows/late.yaml": workflow("late", "{ run: sleep 60, timeout: 100ms, retry: 1 }"),
      "workflows/slow.yaml": workflow("slow", "{ run: sleep 60 }"),
      "workflows/flaky.yaml": workflow(
        "flaky",
        "{ run: 'test -e ../../flag || { touch ../../flag; exit 1; }', retry: { attempts: 2, first: 1ms } }",
      ),
      "workflows/parted.yaml":
        "version: 1\nname: parted\njobs:\n" +
        "  a: { steps: [{ run: exit 1 }, { run: 'true' }] }\n  b: { needs: [a], steps: [{ run: 'true' }] }\n  c: { steps: [{ run: 'true' }] }\n",
    },
    bindings: [{ subject: "user:olga", role: "operator" }],
  });
  olga = await server.token("user:olga");
});
afterAll(async () => await server[Symbol.asyncDispose]());

async function ask(path: string, token: string, rest: RequestInit = {}): Promise<Response> {
  const headers = new Headers(rest.headers);
  headers.set("authorization", `Bearer ${token}`);
  if (rest.body !== undefined) headers.set("content-type", "application/json");
  return await fetch(`${server.url}${path}`, { ...rest, headers });
}

/** Starts a run, waits until its state is one of some, and gives its id. */
async function start(name: string, ...states: string[]): Promise<string> {
  const answer = await ask("/v1/runs", olga, { method: "POST", body: JSON.stringify({ workflow: name }) });
  const { runId } = (await answer.json()) as { runId: string };
  const stateOf = async (): Promise<unknown> => {
    const shown = (await (await ask(`/v1/runs/${runId}`, olga)).json()) as { state: string };
    return shown.state;
  };
  await expect.poll(stateOf, { timeout: 20_000 }).toSatisfy((state: string) => states.includes(state));
  return runId;
}

/** The lines of some metrics that are not 0. */
const linesOf = (text: string, ...names: string[]): string[] =>
  text.split("\n").filter((line) => names.some((name) => line.startsWith(name)) && !line.endsWith(" 0"));

describe("/metrics", () => {
  it("is text for whoever asks for nothing in particular, and OpenMetrics for Prometheus", async () => {
    const text = await ask("/metrics", olga);
    expect(text.status).toBe(200);
    expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text.headers.get("vary")).toContain("Accept");
    expect(await text.text()).toContain("# TYPE mahavishnu_queue_depth gauge\nmahavishnu_queue_depth 0\n");
    const accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const open = await ask("/metrics", olga, { headers: { accept } });
    expect(open.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(await open.text()).toMatch(/\n# EOF\n$/);
  });

  it("is for those alone who may telemetry:read in the whole workspace", async () => {
    const statusFor = async (token: string): Promise<number> => (await ask("/metrics", token)).status;
    // What stands before the server would refuse these itself: no token, and a query that is in no document.
    expect((await fetch(`${server.directUrl}/metrics`)).status).toBe(401);
    expect(await statusFor(await server.token("user:vera", "viewer"))).toBe(403);
    expect(await statusFor(await server.token("user:otto", "operator", "tag:front"))).toBe(403);
    expect(await statusFor(await server.token("user:otto", "operator"))).toBe(200);
    const odd = await fetch(`${server.directUrl}/metrics?name=x`, { headers: { authorization: `Bearer ${olga}` } });
    expect(odd.status).toBe(400);
  });

  it("tells exactly what has happened, whoever executed it", async () => {
    await start("good", "succeeded");
    await start("bad", "failed");
    await start("late", "failed");
    await start("flaky", "succeeded");
    await start("parted", "failed");
    const slow = await start("slow", "running");
    const going = await (await ask("/metrics", olga)).text();
    expect(linesOf(going, "mahavishnu_runs_active", "mahavishnu_slots_in_use", "mahavishnu_queue")).toContain(
      'mahavishnu_runs_active{state="running"} 1',
    );
    await ask(`/v1/runs/${slow}/cancel`, olga, { method: "POST", body: "{}" });
    await expect
      .poll(async () => ((await (await ask(`/v1/runs/${slow}`, olga)).json()) as { state: string }).state)
      .toBe("cancelled");
    const env = { PATH: process.env["PATH"] ?? "", MAHAVISHNU_TEST_SECRET: "a secret for tests, long enough to count" };
    const { exitCode, stderr } = await runCaptured(["run", "good"], { cwd: server.workspace, env });
    expect([exitCode, stderr]).toEqual([0, ""]);
    const text = await (await ask("/metrics", olga)).text();
    expect(linesOf(text, "mahavishnu_runs_", "mahavishnu_targets_", "mahavishnu_step_")).toEqual([
      'mahavishnu_runs_started_total{workflow="bad"} 1',
      'mahavishnu_runs_started_total{workflow="flaky"} 1',
      'mahavishnu_runs_started_total{workflow="good"} 2',
      'mahavishnu_runs_started_total{workflow="late"} 1',
      'mahavishnu_runs_started_total{workflow="parted"} 1',
      'mahavishnu_runs_started_total{workflow="slow"} 1',
      'mahavishnu_runs_finished_total{workflow="bad",state="failed"} 1',
      'mahavishnu_runs_finished_total{workflow="flaky",state="succeeded"} 1',
      'mahavishnu_runs_finished_total{workflow="good",state="succeeded"} 2',
      'mahavishnu_runs_finished_total{workflow="late",state="failed"} 1',
      'mahavishnu_runs_finished_total{workflow="parted",state="failed"} 1',
      'mahavishnu_runs_finished_total{workflow="slow",state="cancelled"} 1',
      'mahavishnu_targets_finished_total{state="succeeded"} 4',
      'mahavishnu_targets_finished_total{state="failed"} 3',
      'mahavishnu_targets_finished_total{state="cancelled"} 1',
      'mahavishnu_targets_finished_total{state="skipped"} 1',
      'mahavishnu_step_attempts_total{result="succeeded"} 4',
      'mahavishnu_step_attempts_total{result="failed"} 3',
      'mahavishnu_step_attempts_total{result="timeout"} 1',
      'mahavishnu_step_attempts_total{result="cancelled"} 1',
    ]);
    expect(linesOf(text, "mahavishnu_run_duration_seconds_count")).toHaveLength(6);
    expect(linesOf(text, "mahavishnu_queue_wait_seconds_count")).toEqual(["mahavishnu_queue_wait_seconds_count 7"]);
    expect(linesOf(text, "mahavishnu_runs_active", "mahavishnu_queue_depth", "mahavishnu_queue_oldest")).toEqual([]);
    const { version } = process;
    expect(text).not.toContain(version);
  });

  it("tells what the process does, by names from fixed lists", async () => {
    await fetch(`${server.directUrl}/no/such/thing/${"x".repeat(50)}`, {
      headers: { authorization: `Bearer ${olga}` },
    });
    await fetch(`${server.directUrl}/livez`);
    const following = await ask("/v1/runs?limit=1", olga);
    const [{ id } = { id: "" }] = ((await following.json()) as { items: { id: string }[] }).items;
    await (await ask(`/v1/runs/${id}/events/stream`, olga)).text().catch(() => "");
    const text = await (await ask("/metrics", olga)).text();
    const requests = linesOf(text, "mahavishnu_http_requests_total");
    expect(requests).toContain('mahavishnu_http_requests_total{operation="other",status="404"} 1');
    expect(requests).toContain('mahavishnu_http_requests_total{operation="checkLiveness",status="200"} 1');
    expect(requests).toContain('mahavishnu_http_requests_total{operation="startRun",status="202"} 6');
    expect(requests).toContain('mahavishnu_http_requests_total{operation="readMetrics",status="403"} 2');
    expect(text).not.toContain("no/such/thing");
    expect(linesOf(text, 'mahavishnu_http_request_duration_seconds_count{operation="listRuns"}')).toHaveLength(1);
    expect(linesOf(text, "mahavishnu_db_query_seconds_count")).toHaveLength(2);
    expect(linesOf(text, "mahavishnu_adapter_up")).toEqual(['mahavishnu_adapter_up{adapter="embedded"} 1']);
    expect(linesOf(text, "mahavishnu_health_up")).toContain('mahavishnu_health_up{part="store:write"} 1');
    for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"])
      expect(linesOf(text, name)).toHaveLength(1);
    const bytes = (): Promise<number> =>
      ask("/metrics", olga).then(async (answer) =>
        Number(/^mahavishnu_state_bytes (\d+)$/m.exec(await answer.text())?.[1] ?? 0),
      );
    await expect.poll(bytes).toBeGreaterThan(10_000);
    // What nobody knows is not there.
    expect(text).not.toMatch(/^mahavishnu_(?:schedule|approval|leader)/m);
  });

  it("is not there where it is turned off", async () => {
    await using off = await startTestServer({
      config: { telemetry: { metrics: { enabled: false } } },
      bindings: [{ subject: "user:olga", role: "operator" }],
    });
    const headers = { authorization: `Bearer ${await off.token("user:olga")}` };
    const answer = await fetch(`${off.url}/metrics`, { headers });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: "NOT_FOUND",
      detail: "this server counts nothing: telemetry.metrics.enabled is false",
      fix: "Set telemetry.metrics.enabled to true and restart the server.",
    });
    expect(await (await off.app.store()).readProjection("metrics")).toBeNull();
  });
});
