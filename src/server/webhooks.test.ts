import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { perform } from "../app/perform.ts";
import { listRuns, showRun } from "../app/use-cases/runs.ts";
import { newHookSecret, startReceiver, until } from "../app/webhook-fixture.ts";
import { startTestServer, type TestServer } from "./server-fixture.ts";

const secret = newHookSecret();
const oldSecret = newHookSecret();
const githubSecret = "a secret for GitHub, long enough";

const workflow = `version: 1
name: ship
inputs:
  ref: { type: string, default: none }
  count: { type: integer, default: 0 }
jobs:
  go: { steps: [{ run: 'echo "$REF"', env: { REF: "\${{ inputs.ref }}" } }] }
`;

/** A server with three hooks, of which one has no rights. */
async function startServer(outgoing: object = {}): Promise<TestServer> {
  return await startTestServer({
    files: { "workflows/ship.yaml": workflow },
    env: { HOOK: secret, HOOK_OLD: oldSecret, HOOK_GITHUB: githubSecret },
    bindings: [
      { subject: "service:webhook-deploy", role: "runner" },
      { subject: "service:webhook-push", role: "runner" },
      { subject: "service:webhook-odd", role: "runner" },
      { subject: "user:olga", role: "operator" },
      { subject: "user:vera", role: "viewer" },
    ],
    config: {
      webhooks: {
        incoming: {
          deploy: {
            workflow: "ship",
            secret: "${env:HOOK}",
            previousSecret: "${env:HOOK_OLD}",
            inputs: { ref: "/data/0/ref", count: "=7" },
          },
          push: { workflow: "ship", scheme: "github", secret: "${env:HOOK_GITHUB}", inputs: { ref: "/ref" } },
          powerless: { workflow: "ship", secret: "${env:HOOK}" },
          odd: { workflow: "ship", secret: "${env:HOOK}", inputs: { ref: "/ref", count: "/count" } },
          off: { workflow: "ship", secret: "${env:HOOK}", enabled: false },
        },
        outgoing,
      },
    },
  });
}

const signed = (id: string, body: string, { at = new Date(), by = secret } = {}): Record<string, string> => ({
  "webhook-id": id,
  "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
  "webhook-signature": new Webhook(by).sign(id, at, body),
});

const githubSigned = (id: string, body: string): Record<string, string> => ({
  "x-github-delivery": id,
  "x-github-event": "push",
  "x-hub-signature-256": `sha256=${createHmac("sha256", githubSecret).update(body).digest("hex")}`,
});

interface Heard {
  readonly status: number;
  readonly location: string | null;
  readonly text: string;
}

async function post(
  { url }: Pick<TestServer, "url">,
  name: string,
  headers: Record<string, string>,
  body: string,
): Promise<Heard> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const response = await fetch(`${url}/v1/webhooks/${name}`, init);
  return { status: response.status, location: response.headers.get("location"), text: await response.text() };
}

/** Where a body is not made anew on its way, as it must not be when its bytes count. */
const directly = ({ directUrl: url }: TestServer) => ({ url });

const body = '{"data":[{"ref":"main"}]}';
const countRuns = async ({ app }: TestServer): Promise<number> =>
  (await perform(app, listRuns, { limit: 100 })).items.length;
const denials = async ({ app }: TestServer): Promise<string[]> =>
  (await (await app.store()).listAudit({ limit: 100, decision: "denied" })).map(({ reason }) => reason);

describe("an incoming webhook", { timeout: 60_000 }, () => {
  it("starts its workflow as its own subject, with inputs out of the body", async () => {
    await using server = await startServer();
    const heard = await post(server, "deploy", signed("m1", body), body);
    expect(heard.status).toBe(202);
    const { runId, created } = JSON.parse(heard.text) as { runId: string; created: boolean };
    expect([heard.location, created]).toEqual([`/v1/runs/${runId}`, true]);
    const store = await server.app.store();
    await until(async () => (await store.getRun(runId))?.endedAt !== null, "the run to end");
    expect(await store.getRun(runId)).toMatchObject({ state: "succeeded", actor: "service:webhook-deploy" });
    const [first] = await store.readEvents(runId);
    expect(first?.data).toMatchObject({ plan: { inputs: { ref: "main", count: 7 } } });
    expect(first?.reason).toBe("started by webhook deploy; waits for a server");
    const [entry] = await store.listAudit({ limit: 1, action: "runs:start" });
    expect(entry).toMatchObject({ actor: "service:webhook-deploy", decision: "allowed", resource: "workflow:ship" });
  });

  it("gives the same run to a message that is sent anew, and refuses one that is replayed", async () => {
    await using server = await startServer();
    const before = new Date(Date.now() - 60_000);
    const first = await post(server, "deploy", signed("m1", body, { at: before }), body);
    const anew = await post(server, "deploy", signed("m1", body), body);
    expect([first.status, anew.status, anew.location]).toEqual([202, 202, first.location]);
    expect(JSON.parse(anew.text)).toMatchObject({ created: false });
    for (const at of [before, new Date(Date.now() - 30_000)])
      expect((await post(server, "deploy", signed("m1", body, { at }), body)).status).toBe(401);
    expect(await countRuns(server)).toBe(1);
    expect(await denials(server)).toEqual(
      Array(2).fill("a message of webhook deploy came again and was no new sending"),
    );
  });

  it("begins one run, however often the same message comes at the same moment", async () => {
    await using server = await startServer();
    const headers = signed("m1", body);
    const all = await Promise.all(Array.from({ length: 10 }, async () => await post(server, "deploy", headers, body)));
    expect(all.map(({ status }) => status).filter((status) => status !== 202 && status !== 401)).toEqual([]);
    expect(new Set(all.flatMap(({ location }) => location ?? [])).size).toBe(1);
    expect(await countRuns(server)).toBe(1);
  });

  it("takes messages that are signed with the secret before, and no other", async () => {
    await using server = await startServer();
    expect((await post(server, "deploy", signed("m1", body, { by: oldSecret }), body)).status).toBe(202);
    expect((await post(server, "odd", signed("m2", body, { by: oldSecret }), body)).status).toBe(401);
  });

  it("takes GitHub's messages, each once: whoever has seen one cannot send it under another id", async () => {
    await using server = await startServer();
    const push = '{"ref":"refs/heads/main"}';
    expect((await post(server, "push", { ...githubSigned("d0", "{}"), "x-github-event": "ping" }, "{}")).status).toBe(
      204,
    );
    expect((await post(server, "push", githubSigned("d1", push), push)).status).toBe(202);
    expect((await post(server, "push", githubSigned("d1", push), push)).status).toBe(401);
    expect((await post(server, "push", githubSigned("d2", push), push)).status).toBe(401);
    expect((await post(directly(server), "push", githubSigned("d3", `${push} `), push)).status).toBe(401);
    expect((await post(server, "push", signed("d4", push), push)).status).toBe(401);
    expect(await countRuns(server)).toBe(1);
  });

  it("refuses alike whatever is wrong, says nothing, and writes down why", async () => {
    await using server = await startServer();
    const headers = signed("m1", body);
    const late = signed("m1", body, { at: new Date(Date.now() - 302_000) });
    const early = signed("m1", body, { at: new Date(Date.now() + 330_000) });
    const cases: readonly (readonly [name: string, headers: Record<string, string>, body: string])[] = [
      ["nothing", headers, body],
      ["off", headers, body],
      ["deploy", {}, body],
      ["deploy", { ...headers, "webhook-signature": "" }, body],
      ["deploy", headers, `${body} `],
      ["deploy", late, body],
      ["deploy", early, body],
      ["deploy", { ...headers, "webhook-id": "m2" }, body],
      ["deploy", { authorization: "Bearer x" }, body],
    ];
    const answers = new Set<string>();
    for (const [name, given, text] of cases) {
      const { status, text: said } = await post(directly(server), name, given, text);
      expect(status).toBe(401);
      answers.add(said.replaceAll(/urn:uuid:[\w-]+/g, "ID"));
    }
    expect(answers.size).toBe(1);
    expect(await countRuns(server)).toBe(0);
    const reasons = await denials(server);
    expect(reasons.length).toBe(cases.length);
    expect(new Set(reasons)).toEqual(
      new Set([
        "there is no such webhook",
        "a message of webhook deploy: it lacks one of webhook-id, webhook-timestamp and webhook-signature, or has one twice",
        "a message of webhook deploy: its signature is not right",
        "a message of webhook deploy: its time stamp is too old",
        "a message of webhook deploy: its time stamp is in the future",
      ]),
    );
  });

  it("has no rights but those that are bound to it; once they are, the same message counts", async () => {
    await using server = await startServer();
    const headers = signed("m1", body);
    for (const again of [1, 2]) {
      const { status, text } = await post(server, "powerless", headers, body);
      expect([again, status]).toEqual([again, 403]);
      expect(text).not.toContain("access.bindings.0");
    }
    expect(await countRuns(server)).toBe(0);
  });

  it.each([
    ["no JSON", "{", 400],
    ["a body that is nested too deep", `${"[".repeat(100)}${"]".repeat(100)}`, 400],
    ["an input of the wrong type", '{"count":"many"}', 422],
    ["nothing at all", "", 202],
    ["inputs that are lists and maps", '{"ref":{"a":["$(reboot)"]}}', 202],
    ["an input that is null", '{"ref":null}', 202],
  ])("answers a message that is signed and holds %s", async (_what, text, status) => {
    await using server = await startServer();
    expect((await post(text === "{" ? directly(server) : server, "odd", signed("m1", text), text)).status).toBe(status);
  });

  it("reads no more than a request may hold", async () => {
    await using server = await startServer();
    const text = JSON.stringify({ ref: "x".repeat(2 * 1024 * 1024) });
    expect((await post(directly(server), "deploy", signed("m1", text), text)).status).toBe(413);
  });
});

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("webhooks over the API", { timeout: 60_000 }, () => {
  it("are told of runs, listed without secrets, sent once more and tried, by who may", async () => {
    await using receiver = await startReceiver(secret);
    await using server = await startServer({ chat: { url: `${receiver.url}/SECRETPATH`, secret: "${env:HOOK}" } });
    const ask = async (subject: string, path: string, method = "GET"): Promise<{ status: number; body: never }> => {
      const authorization = `Bearer ${await server.token(subject)}`;
      const response = await fetch(`${server.url}${path}`, { method, headers: { authorization } });
      return { status: response.status, body: (await response.json()) as never };
    };
    await post(server, "deploy", signed("m1", body), body);
    await until(() => receiver.messages.length === 1, "the message about the run");
    const list = await ask("user:olga", "/v1/webhooks");
    expect(list).toMatchObject({
      status: 200,
      body: {
        items: expect.arrayContaining([
          expect.objectContaining({ name: "chat", direction: "outgoing", origin: new URL(receiver.url).origin }),
          expect.objectContaining({ name: "deploy", direction: "incoming", subject: "service:webhook-deploy" }),
        ]) as unknown,
      },
    });
    expect(JSON.stringify(list)).not.toMatch(/whsec_|SECRETPATH|HOOK/);
    const id = String(receiver.messages[0]?.id);
    const deliveries = "/v1/webhooks/deliveries";
    await until(async () => {
      const { items } = (await ask("user:olga", `${deliveries}?state=delivered`)).body as { items: { id: string }[] };
      return items.some((item) => item.id === id);
    }, "the delivery to be recorded");
    expect((await ask("user:olga", `${deliveries}/${id}/redeliver`, "POST")).status).toBe(202);
    await until(() => receiver.messages.length === 2, "the message once more");
    expect(receiver.messages[1]?.text).toBe(receiver.messages[0]?.text);
    expect(await ask("user:olga", "/v1/webhooks/outgoing/chat/test", "POST")).toMatchObject({
      status: 200,
      body: { state: "delivered", type: "dev.mahavishnu.webhook.test", status: 204 },
    });
    expect((await ask("user:olga", "/v1/webhooks/outgoing/none/test", "POST")).status).toBe(404);
    expect((await ask("user:olga", `${deliveries}/evt_${"0".repeat(24)}/redeliver`, "POST")).status).toBe(404);
    for (const [path, method] of [
      ["/v1/webhooks", "GET"],
      [deliveries, "GET"],
      [`${deliveries}/${id}/redeliver`, "POST"],
      ["/v1/webhooks/outgoing/chat/test", "POST"],
    ] as const)
      expect((await ask("user:vera", path, method)).status).toBe(403);
  });

  it("are told of runs by the repositories that they touch, and asked for over --url as well", async () => {
    await using front = await startReceiver(secret);
    await using back = await startReceiver(secret);
    const sweep = "jobs: { go: { sweep: { select: 'tag:front' }, checkout: inPlace, steps: [{ run: 'true' }] } }";
    await using server = await startTestServer({
      files: { "workflows/ship.yaml": `version: 1\nname: ship\n${sweep}\n`, "alpha/x": "", "beta/x": "" },
      env: { HOOK: secret },
      bindings: [
        { subject: "service:webhook-deploy", role: "runner" },
        { subject: "user:olga", role: "operator" },
      ],
      config: {
        webhooks: {
          incoming: { deploy: { workflow: "ship", secret: "${env:HOOK}" } },
          outgoing: {
            front: { url: front.url, secret: "${env:HOOK}", where: "tag:front" },
            back: { url: back.url, secret: "${env:HOOK}", where: "tag:back" },
            all: { url: back.url, secret: "${env:HOOK}", on: ["run.created"] },
          },
        },
      },
    });
    const traced = { ...signed("m1", "{}"), traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    expect((await post(server, "deploy", traced, "{}")).status).toBe(202);
    await until(() => front.messages.length + back.messages.length === 2, "two messages");
    expect(front.messages).toMatchObject([{ event: { type: "dev.mahavishnu.run.finished" } }]);
    expect(back.messages).toMatchObject([{ event: { type: "dev.mahavishnu.run.created" } }]);
    const [row] = await (await server.app.store()).listRuns({ limit: 1 });
    expect(await perform(server.app, showRun, { id: row?.id ?? "" })).toMatchObject({ traceId });
    const line = expect.stringContaining(`actor "service:webhook-deploy", runId "${row?.id}"`) as string;
    expect(server.requests).toContainEqual(line);
    const env = { PATH: process.env["PATH"] ?? "", MAHAVISHNU_TOKEN: await server.token("user:olga") };
    const call = async (...argv: readonly string[]) =>
      await runCaptured(["webhooks", ...argv, "--url", server.url, "-o", "json"], { cwd: server.workspace, env });
    const page = JSON.parse((await call("deliveries", "--webhook", "front")).stdout) as { items: { id: string }[] };
    expect(page.items.map(({ id }) => id)).toEqual([front.messages[0]?.id]);
    expect(JSON.parse((await call("test", "front")).stdout)).toMatchObject({ state: "delivered" });
    expect((await call("redeliver", page.items[0]?.id ?? "")).exitCode).toBe(0);
    expect((JSON.parse((await call("list")).stdout) as { items: object[] }).items.length).toBe(4);
    await until(() => front.messages.length === 3, "the message once more");
  });

  it("cost nothing where there are none", async () => {
    await using server = await startServer();
    await post(server, "deploy", signed("m1", body), body);
    const store = await server.app.store();
    expect(await store.listDeliveries({ limit: 1 })).toEqual([]);
  });

  it("with a secret that is too short keep the server from starting", async () => {
    const incoming = { deploy: { workflow: "ship", secret: "${env:HOOK}" } };
    const started = startTestServer({ env: { HOOK: "short" }, config: { webhooks: { incoming } } });
    await expect(started).rejects.toMatchObject({ code: "WEBHOOK_SECRET" });
  });
});
