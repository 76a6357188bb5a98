import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, ServedWorkspace, type ServeProcess, until } from "../support/serve-process.ts";
import { needTools, runTool } from "./tools.ts";

const openMetrics = "application/openmetrics-text; version=1.0.0";
const parser = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(sum(len(family.samples) for family in text_string_to_metric_families(sys.stdin.read())))
`;

const space = new ServedWorkspace();
let server: ServeProcess;
let token: string;

beforeAll(async () => {
  const bad = { version: 1, name: "bad", jobs: { j: { steps: [{ run: "exit 3" }] } } };
  space.write("workflows/bad.yaml", JSON.stringify(bad));
  server = await space.serve();
  token = await space.token();
  const api = new Api(token);
  const over = async (workflow: string, end: string): Promise<void> => {
    const id = await api.start(server, workflow);
    await until(async () => (await api.show(server, id)).state === end);
  };
  await over("one", "succeeded");
  await over("bad", "failed");
  const waiting = await api.start(server, "wait");
  await api.until(server, waiting, "running");
  await api.ask(server, `/v1/runs/${waiting}/cancel`, {});
  await until(async () => (await api.show(server, waiting)).state === "cancelled");
  await until(async () => (await scrape()).includes('state="cancelled"'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  space[Symbol.dispose]();
});

async function scrape(accept = "text/plain"): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, accept };
  return await (await fetch(`${server.directUrl}/metrics`, { headers })).text();
}

describe("/metrics of a server with runs that succeeded, failed and were cancelled", () => {
  it("has nothing that promtool would complain of, as text", async (context) => {
    needTools(context, "promtool");
    const input = await scrape();
    expect(input).toMatch(/mahavishnu_runs_finished_total\{.*state="failed"\} 1\n/u);
    const { status, text } = runTool("promtool", ["check", "metrics"], { input });
    expect(status, text).toBe(0);
    expect(text).toBe("");
    const wrong = input.replaceAll("mahavishnu_queue_depth", "mahavishnu_queueDepth");
    expect(runTool("promtool", ["check", "metrics"], { input: wrong }).status).not.toBe(0);
  });

  it("is read by the reference parser of OpenMetrics", async (context) => {
    needTools(context, "python3");
    const input = await scrape(openMetrics);
    expect(input).toMatch(/# EOF\n$/u);
    const { status, text } = runTool("python3", ["-c", parser], { input });
    expect(status, text).toBe(0);
    expect(Number(text)).toBeGreaterThan(100);
    expect(runTool("python3", ["-c", parser], { input: input.replace("# EOF\n", "") }).status).not.toBe(0);
  });
});
