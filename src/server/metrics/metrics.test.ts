import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../server-fixture.ts";

const step = (run: string, rest = ""): string => `{ run: '${run}'${rest} }`;
const workflow = (name: string, ...steps: string[]): string =>
  `version: 1\nname: ${name}\njobs:\n  go: { steps: [${steps.join(", ")}] }\n`;

const once = "test -e $MAHAVISHNU_STEP_ONCE || { touch $MAHAVISHNU_STEP_ONCE; exit 1; }";
const prometheusAccept =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startTestServer({
    files: {
      "workflows/good.yaml": workflow("good", step("true")),
      "workflows/bad.yaml": workflow("bad", step("exit 3")),
      "workflows/late.yaml": workflow("late", step("sleep 60", ", timeout: 100ms, retry: 1")),
      "workflows/slow.yaml": workflow("slow", step("sleep 60")),
      "workflows/flaky.yaml": workflow(
        "flaky",
        step(once, ", retry: { attempts: 2, first: 1ms }, env: { MAHAVISHNU_STEP_ONCE: /tmp/none }"),
      ),
    },
    config: { telemetry: { metrics: {} } },
    bindings: [{ subject: "user:olga", role: "operator" }],
  });
  token = await server.token("user:olga");
});
afterAll(async () => await server[Symbol.asyncDispose]());

const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

describe("/metrics", () => {
  it("is text for whoever asks for nothing in particular, and OpenMetrics for Prometheus", async () => {
    const text = await ask("/metrics");
    expect(text.status).toBe(200);
    expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await text.text()).toContain("# TYPE mahavishnu_queue_depth gauge\nmahavishnu_queue_depth 0\n");
    const open = await ask("/metrics", { accept: prometheusAccept });
    expect(open.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(await open.text()).toMatch(/\n# EOF\n$/);
  });
});
