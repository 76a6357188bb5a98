import { once } from "node:events";
import { readFile, rm, stat } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signMessage } from "../../../access/webhook-signature.ts";
import { makeTemporaryFolder } from "../../../lib/temporary-folder.ts";
import type { AlertMessage, Channel } from "../alert.ts";
import { makeAlertmanagerChannel } from "./alertmanager-channel.ts";
import { makeFileChannel } from "./file-channel.ts";
import { alert, message, over } from "./message-fixture.ts";
import { makePagerDutyChannel } from "./pagerduty-channel.ts";
import { makeSlackChannel } from "./slack-channel.ts";
import { makeWebhookChannel } from "./webhook-channel.ts";
import { alertmanagerSchema, cloudEventSchema, pagerDutySchema, slackSchema } from "./wire-schemas-fixture.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 40);
const never = new AbortController().signal;

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const received: Received[] = [];
let answer: { status: number; headers?: Record<string, string> } = { status: 200 };
/** Statuses of the next answers, before `answer` counts. */
let next: number[] = [];
let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(next.shift() ?? answer.status, answer.headers).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  received.length = 0;
  answer = { status: 200 };
});

const text = "a secret that is long enough for everybody";
const key = Buffer.from(text);
const http = (path: string) => ({ name: "ops", attempts: 3, timeoutMs: 500, url: new URL(path, origin) });

const kinds: Readonly<
  Record<string, { readonly path: string; readonly schema: object; readonly make: () => Channel }>
> = {
  webhook: {
    path: "/hook?token=s3cret",
    schema: cloudEventSchema,
    make: () =>
      makeWebhookChannel(http("/hook?token=s3cret"), {
        workspaceId: async () => await Promise.resolve("w1"),
        sign: (id, body) => signMessage({ id, timestamp: Math.floor(Date.now() / 1_000), body, keys: [key] }),
      }),
  },
  slack: {
    path: "/services/T/B/s3cret",
    schema: slackSchema,
    make: () => makeSlackChannel(http("/services/T/B/s3cret")),
  },
  pagerduty: {
    path: "/v2/enqueue",
    schema: pagerDutySchema,
    make: () => makePagerDutyChannel(http("/v2/enqueue"), "0123456789abcdef0123456789abcdef"),
  },
  alertmanager: {
    path: "/api/v2/alerts",
    schema: alertmanagerSchema,
    make: () => makeAlertmanagerChannel(http("/api/v2/alerts"), { token: "t0ken", repeatMsOf: () => 3_600_000 }),
  },
};
const ajv = new Ajv2020({
  allErrors: true,
  formats: { "date-time": (value: string) => !Number.isNaN(Date.parse(value)), uri: URL.canParse },
});

describe.each(Object.entries(kinds))("the channel %s", (_kind, { path, schema, make }) => {
  const validate = ajv.compile(schema);

  it("posts what the receiver's documentation says, whatever the alerts say", async () => {
    const odd = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("\u0000\r\nBcc: x", "<!channel> & |", "x".repeat(100_000), "\ud800", "🔥".repeat(3_000)),
    );
    const alerts = fc.array(
      fc.record({ summary: odd, description: odd, value: odd, firing: fc.boolean() }).map((given) => ({
        ...(given.firing ? alert : over),
        summary: given.summary,
        description: given.description,
        labels: { ...alert.labels, "odd-name": given.value },
      })),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(alerts, async (list) => {
        received.length = 0;
        expect(await make().send({ ...message, alerts: list }, never)).toEqual({ ok: true, status: 200 });
        expect(received.length).toBeGreaterThan(0);
        for (const request of received) {
          expect(request.path).toBe(path);
          const body: unknown = JSON.parse(request.body);
          expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
          expect(Buffer.byteLength(request.body)).toBeLessThan(512 * 1024);
        }
      }),
      { numRuns: runs },
    );
  });

  it.each([
    [500, { ok: false, final: false, status: 500 }],
    [429, { ok: false, final: false, status: 429, retryAfterMs: 7_000 }],
    [400, { ok: false, final: true, status: 400 }],
    [404, { ok: false, final: false, status: 404 }],
    [302, { ok: false, final: false, status: 302, error: expect.stringContaining("not followed") as string }],
  ])("takes %i for what it is, and tells no secret", async (status, expected) => {
    answer = { status, headers: { "retry-after": "7", location: `${origin}/elsewhere` } };
    const result = await make().send(message, never);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain("s3cret");
    expect([...new Set(received.map((request) => request.path))]).toEqual([path]);
  });
});

describe("a receiver that does not answer", () => {
  const silent = createSocket();
  beforeAll(async () => {
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
  });
  afterAll(() => silent.close());

  it.each([
    ["too slow", () => `http://127.0.0.1:${(silent.address() as AddressInfo).port}/s3cret`, "no answer within"],
    ["not there", () => "http://127.0.0.1:1/s3cret", "refused"],
    ["a metadata service", () => "http://169.254.169.254/s3cret", "169.254.169.254"],
  ])("that is %s is tried again or not, and the secret in its URL is not told", async (_why, url, error) => {
    const channel = makeSlackChannel({ name: "ops", attempts: 3, timeoutMs: 100, url: new URL(url()) });
    const result = await channel.send(message, never);
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining(error) as string });
    expect(JSON.stringify(result)).not.toContain("s3cret");
  });
});

it("signs what it posts as Standard Webhooks says", async () => {
  await kinds["webhook"]?.make().send(message, never);
  const [{ headers, body } = { headers: {}, body: "" }] = received;
  const verified = new Webhook(key.toString("base64")).verify(body, headers as Record<string, string>) as object;
  expect(verified).toMatchObject({
    id: message.id,
    data: { rule: "failures", test: false, alerts: [{ state: "firing" }, {}] },
  });
});

it("tells PagerDuty of one event for each alert, opened and ended under the same key", async () => {
  await kinds["pagerduty"]?.make().send(message, never);
  expect(received.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    { event_action: "trigger", dedup_key: alert.fingerprint, payload: { severity: "critical", source: "w1" } },
    { event_action: "resolve", dedup_key: over.fingerprint },
  ]);
});

it("tells PagerDuty of what is over also behind an event that is refused", async () => {
  next = [400];
  expect(await kinds["pagerduty"]?.make().send(message, never)).toMatchObject({ ok: false, final: true, status: 400 });
  expect(received.map(({ body }) => (JSON.parse(body) as { event_action: string }).event_action)).toEqual([
    "trigger",
    "resolve",
  ]);
  next = [400, 500];
  expect(await kinds["pagerduty"]?.make().send(message, never)).toMatchObject({ ok: false, final: false, status: 500 });
});

it("tells Alertmanager when an alert is over, and until when one lasts that nobody repeats", async () => {
  await kinds["alertmanager"]?.make().send(message, never);
  expect(received[0]?.headers.authorization).toBe("Bearer t0ken");
  const [first, second] = JSON.parse(received[0]?.body ?? "[]") as { endsAt: string; labels: Record<string, string> }[];
  expect(first?.labels).toMatchObject({ alertname: "failures", workflow: "nightly", severity: "critical" });
  expect(Date.parse(first?.endsAt ?? "")).toBe(message.time + 2 * 3_600_000 + 300_000);
  expect(Date.parse(second?.endsAt ?? "")).toBe(over.endedAt);
});

it("gives PagerDuty what it takes, whatever the labels are, and says its own in spite of them", async () => {
  const big = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`l${index}`, "x".repeat(4_000)]));
  const labels = { workspace: "", description: "mine", run: "mine", ...big };
  await kinds["pagerduty"]?.make().send({ ...message, alerts: [{ ...alert, labels }] }, never);
  const [{ body } = { body: "" }] = received;
  expect(Buffer.byteLength(body)).toBeLessThan(512 * 1024);
  expect(JSON.parse(body)).toMatchObject({
    payload: {
      source: "mahavishnu",
      custom_details: { description: alert.description, run: alert.runId, labels: { run: "mine" } },
    },
  });
});

it("keeps for Slack the facts beside a long summary, and no half of an escape", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 5_000 }),
      fc.constantFrom("&", "<", "a>", "🔥"),
      async (length, piece) => {
        received.length = 0;
        const long = piece.repeat(length);
        await kinds["slack"]
          ?.make()
          .send({ ...message, alerts: [{ ...alert, summary: long, description: long }] }, never);
        const { text: shown, attachments } = JSON.parse(received[0]?.body ?? "") as {
          text: string;
          attachments: { blocks: { text: { text: string } }[] }[];
        };
        const section = attachments[0]?.blocks[0]?.text.text ?? "";
        expect(section).toContain("k3v9q0x2mf");
        expect(section).toContain("|what to do>");
        expect(section.length).toBeLessThanOrEqual(3_000);
        for (const each of [shown, section]) expect(each).not.toMatch(/&(?!(?:amp|lt|gt);)/);
      },
    ),
    { numRuns: runs },
  );
});

it("escapes for Slack what would be a link or a mention", async () => {
  await kinds["slack"]?.make().send({ ...message, alerts: [{ ...alert, summary: "<!channel> & co" }] }, never);
  expect(received[0]?.body).toContain("&lt;!channel&gt; &amp; co");
  expect(received[0]?.body).not.toContain("<!channel>");
});

it("writes one line for each message into a file", async () => {
  const folder = makeTemporaryFolder("channel-");
  try {
    const path = join(folder, "alerts.ndjson");
    const channel = makeFileChannel({ name: "local", attempts: 1, path });
    await channel.send(message, never);
    await channel.send({ ...message, id: "evt_2" }, never);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as AlertMessage).id)).toEqual([message.id, "evt_2"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const missing = makeFileChannel({ name: "local", attempts: 1, path: join(folder, "no/where") });
    expect(await missing.send(message, never)).toMatchObject({ ok: false, final: false });
  } finally {
    await rm(folder, { recursive: true });
  }
});
