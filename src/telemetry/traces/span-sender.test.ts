import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../../../test/support/otlp-receiver.ts";
import { type Log, type LogFields, silentLog } from "../../lib/log.ts";
import { Secret } from "../../lib/secret.ts";
import type { EndedSpan } from "./span.ts";
import { SpanSender } from "./span-sender.ts";

let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => receiver.answerWith(null));
afterAll(async () => await receiver[Symbol.asyncDispose]());

let count = 0;

function makeSpan(rest: Partial<EndedSpan> = {}): EndedSpan {
  count += 1;
  const spanId = count.toString(16).padStart(16, "0");
  const at = Date.UTC(2026, 10, 24);
  return {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId,
    parentId: null,
    name: "a span",
    kind: "internal",
    start: at,
    end: at + 1.5,
    error: null,
    attributes: {},
    ...rest,
  };
}

/** Remembers what it is told. */
function keepLog(): { log: Log; told: [string, LogFields | undefined][] } {
  const told: [string, LogFields | undefined][] = [];
  return { told, log: { ...silentLog, warn: (message, fields) => told.push([message, fields]) } };
}

/** Sends spans and ends; gives how long the end took. */
async function end(sender: SpanSender): Promise<number> {
  const before = performance.now();
  await sender[Symbol.asyncDispose]();
  return performance.now() - before;
}

describe("the sender of spans", { timeout: 30_000 }, () => {
  it("sends them in the official form, with the token, at the end at the latest", async () => {
    const token = new Secret("open-sesame");
    const sender = new SpanSender({ endpoint: `${receiver.endpoint}/otlp`, token, log: silentLog });
    const attributes = { text: "ä", number: 7, part: 0.5, yes: true, none: undefined };
    const events = [{ name: "run.started", time: Date.UTC(2026, 10, 24) }];
    const span = makeSpan({ parentId: "00f067aa0ba902b7", kind: "client", error: "exit 1", attributes, events });
    sender.send(span);
    await end(sender);
    expect(receiver.spans.at(-1)).toMatchObject({
      traceId: span.traceId,
      spanId: span.spanId,
      parentId: "00f067aa0ba902b7",
      name: "a span",
      kind: "SPAN_KIND_CLIENT",
      start: span.start,
      end: span.start + 1.5,
      attributes: { text: "ä", number: 7, part: 0.5, yes: true },
      events: ["run.started"],
      status: "STATUS_CODE_ERROR",
      message: "exit 1",
    });
    expect(receiver.requests.at(-1)).toMatchObject({
      path: "/otlp",
      headers: { authorization: "Bearer open-sesame" },
    });
    expect(sender.dropped).toBe(0);
  });

  it("tries again when the endpoint is busy, and then all have come", async () => {
    let refused = 0;
    receiver.answerWith((response) => {
      refused += 1;
      if (refused === 3) receiver.answerWith(null);
      response.writeHead(503, { "retry-after": "Tue, 24 Nov 2020 00:00:00 GMT" }).end();
    });
    const sender = new SpanSender({ endpoint: receiver.endpoint, log: silentLog });
    const spans = Array.from({ length: 2_000 }, () => makeSpan());
    for (const span of spans) sender.send(span);
    await end(sender);
    expect(refused).toBe(3);
    const received = new Set(receiver.spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ spanId }) => !received.has(spanId)).length).toBe(0);
    expect(sender.dropped).toBe(0);
  });

  it("counts what an endpoint refuses, and says so once", async () => {
    receiver.answerWith((response) => response.writeHead(400).end("no"));
    const { log, told } = keepLog();
    const sender = new SpanSender({ endpoint: receiver.endpoint, log });
    for (let n = 0; n < 5; n += 1) sender.send(makeSpan());
    await end(sender);
    expect(sender.dropped).toBe(5);
    expect(told).toEqual([
      ["spans are dropped", { endpoint: `${receiver.endpoint}/v1/traces`, spans: 5, reason: "Bad Request" }],
    ]);
  });

  it("follows no redirect and takes garbage for an answer", async () => {
    const sender = new SpanSender({ endpoint: receiver.endpoint, log: silentLog });
    const asked = receiver.requests.length;
    receiver.answerWith((response) => response.writeHead(307, { location: `${receiver.endpoint}/elsewhere` }).end());
    sender.send(makeSpan());
    expect(await end(sender)).toBeLessThan(1_900);
    expect([sender.dropped, receiver.requests.length - asked]).toEqual([1, 1]);
    receiver.answerWith((response) => response.writeHead(200).end(Buffer.alloc(4_096, 0xff)));
    const other = new SpanSender({ endpoint: receiver.endpoint, log: silentLog });
    other.send(makeSpan());
    expect(await end(other)).toBeLessThan(1_900);
    expect(other.dropped).toBe(0);
  });

  it("holds nobody up: not when nobody is there, not when nothing is answered, and not when the queue is full", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port: free } = closed.address() as AddressInfo;
    closed.close();
    const ends = await Promise.all(
      [port, free].map(async (at) => {
        const { log, told } = keepLog();
        const sender = new SpanSender({ endpoint: `http://127.0.0.1:${at}`, log });
        for (let n = 0; n < 20_000; n += 1) sender.send(makeSpan());
        const ms = await end(sender);
        return { ms, dropped: sender.dropped, told: told.length };
      }),
    );
    silent.close();
    for (const { ms, dropped, told } of ends) {
      expect(ms).toBeLessThan(3_500);
      expect(dropped).toBe(20_000);
      // That it is full, and at the end how many it was in all.
      expect(told).toBe(2);
    }
  });
});
