import { join } from "node:path";
import type { Connection } from "../../src/client/connection.ts";
import { newHookSecret, startReceiver } from "../../src/app/webhook-fixture.ts";
import { callServer } from "../../src/client/call-server.ts";
import type { Outputs } from "../../src/client/generated/api.ts";
import { startTestServer, type TestServer, type TestServerRequest } from "../../src/server/server-fixture.ts";
import type { ApiProxy } from "./api-proxy.ts";
import { makeRepository } from "./git-fixture.ts";

/** A server and what stands before it. */
interface ProxiedServer extends ApiProxy {
  readonly server: TestServer;
  token(subject: string, role?: string | null, where?: string | null): Promise<string>;
}

async function startProxiedServer(request: TestServerRequest): Promise<ProxiedServer> {
  const server = await startTestServer(request);
  const { proxy, token } = server;
  if (proxy === null) throw new Error("nothing stands before a server with TLS");
  return { ...proxy, server, token, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
}

/** A workspace of two repositories behind a proxied server, and somebody who may do everything there. */
export interface ApiWorld extends AsyncDisposable {
  readonly proxied: ProxiedServer;
  /** Of `user:root`, who is admin and runner. */
  readonly token: string;
  readonly connection: Connection;
  /** Asks through the proxy. */
  ask(path: string, init?: AskInit): Promise<Response>;
  /** What the webhook `deploy` is signed with. */
  readonly hookSecret: string;
  /** Waits for a run's end. */
  finish(runId: string): Promise<Outputs["showRun"]>;
}

interface AskInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

const workflows = {
  hello: `version: 1
name: hello
description: Greets
inputs:
  who: { type: string, default: world }
jobs:
  greet:
    steps:
      - { id: say, run: [printf, 'hello \${{ inputs.who }}\\n'] }
`,
  survey: `version: 1
name: survey
jobs:
  look:
    sweep: { order: manifest }
    checkout: inPlace
    steps:
      - { id: head, run: "git log -1 --format=%s; git log -1 --format=%s >&2" }
`,
  fails: `version: 1
name: fails
jobs:
  main:
    steps:
      - { id: no, run: "echo no; exit 3" }
`,
  // Ends when somebody writes the file \`go\` into the workspace.
  waits: `version: 1
name: waits
inputs:
  file: { type: string }
jobs:
  main:
    steps:
      - id: wait
        env: { FILE: "\${{ inputs.file }}" }
        run: 'n=0; while [ ! -e "$FILE" ]; do n=$((n+1)); echo "zähle $n"; sleep 0.02; done; echo done'
`,
};

/** Starts it; disposing fails when something passed by that the document does not allow. */
export async function startApiWorld(): Promise<ApiWorld> {
  await using stack = new AsyncDisposableStack();
  const hookSecret = newHookSecret();
  const receiver = stack.use(await startReceiver(hookSecret));
  const proxied = stack.use(
    await startProxiedServer({
      bindings: [
        { subject: "user:root", role: "admin" },
        { subject: "user:root", role: "operator" },
        { subject: "service:webhook-deploy", role: "runner" },
        { subject: "user:vera", role: "viewer" },
        { subject: "user:front", role: "viewer", where: "tag:front" },
      ],
      config: {
        server: { requestsPerMinute: 1_000_000 },
        telemetry: {
          channels: { log: { file: "alerts.ndjson" } },
          alerts: [{ name: "left", on: ["run.interrupted"], notify: ["log"] }],
          slos: { all: { availability: { objective: 99 } } },
        },
        webhooks: {
          incoming: { deploy: { workflow: "hello", secret: "${env:HOOK_SECRET}", inputs: { who: "/who" } } },
          outgoing: { chat: { url: receiver.url, secret: "${env:HOOK_SECRET}" } },
        },
      },
      env: { HOOK_SECRET: hookSecret },
      files: Object.fromEntries(Object.entries(workflows).map(([name, text]) => [`workflows/${name}.yaml`, text])),
    }),
  );
  for (const name of ["alpha", "beta"]) makeRepository(join(proxied.server.workspace, name));
  const token = await proxied.token("user:root");
  const connection = { url: new URL(proxied.url), token, signal: new AbortController().signal };
  const kept = stack.move();
  return {
    proxied,
    token,
    connection,
    ask: async (path, init = {}) => await ask(proxied.url + path, token, init),
    finish: async (runId) => await waitForEnd(connection, runId),
    hookSecret,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

async function ask(url: string, token: string, { method = "GET", headers = {}, body }: AskInit): Promise<Response> {
  return await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const over: ReadonlySet<string> = new Set(["succeeded", "partial", "failed", "cancelled"]);

async function waitForEnd(connection: Connection, id: string): Promise<Outputs["showRun"]> {
  for (;;) {
    const run = await callServer(connection, "showRun", { id });
    if (over.has(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
