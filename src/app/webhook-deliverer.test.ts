import { createServer } from "node:net";
import { once } from "node:events";
import type { LookupAddress } from "node:dns";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { makeAllowedLookup } from "../lib/forbidden-addresses.ts";
import { waitAfter } from "../lib/wait-after.ts";
import { withStore } from "../store/store-fixture.ts";
import type { SqliteStore } from "../store/open-store.ts";
import { readRetryAfter } from "../lib/post-webhook.ts";
import { type DelivererEvent, type DelivererOptions, startDeliverer } from "./webhook-deliverer.ts";
import {
  newHookSecret,
  outgoingHook,
  type Receiver,
  recordEndedRun,
  startDelivererProcess,
  startReceiver,
  until,
} from "./webhook-fixture.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

const secret = newHookSecret();

async function start(store: SqliteStore, hooks: readonly OutgoingHook[], rest: Partial<DelivererOptions> = {}) {
  const seen: DelivererEvent[] = [];
  const deliverer = await startDeliverer({
    store,
    hooks,
    source: { workspaceId: store.workspaceId, publicUrl: "https://ops.example.test" },
    touches: async () => await Promise.resolve(true),
    observe: (event) => seen.push(event),
    firstWaitMs: 1,
    ...rest,
  });
  return { seen, [Symbol.asyncDispose]: async () => await deliverer.stop({ drainMs: 1_000 }) };
}

const untilAll = async (store: SqliteStore, state: string, count: number): Promise<void> =>
  await until(
    async () => (await store.listDeliveries({ limit: 1000 })).filter((row) => row.state === state).length === count,
    `${count} deliveries to be ${state}`,
  );

const idsOf = ({ messages }: Receiver): string[] =>
  messages.map(({ event }) => String((event["data"] as { runId?: string }).runId));

describe("what runs do is told to outgoing webhooks", { timeout: 60_000 }, () => {
  it("as signed CloudEvents, from the moment on that the hook is there", async () => {
    await withStore(async (store) => {
      await using receiver = await startReceiver(secret);
      await recordEndedRun(store, "before");
      await using _ = await start(store, [outgoingHook(receiver.url, secret)]);
      await recordEndedRun(store, "r1", "failed", "ship");
      await untilAll(store, "delivered", 1);
      const [message] = receiver.messages;
      expect(receiver.messages.length).toBe(1);
      expect(message?.headers["content-type"]).toContain("application/cloudevents+json");
      expect(message?.event).toEqual({
        specversion: "1.0",
        id: message?.id,
        source: `urn:mahavishnu:workspace:${store.workspaceId}`,
        type: "dev.mahavishnu.run.finished",
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        subject: "runs/r1",
        datacontenttype: "application/json",
        data: {
          runId: "r1",
          workflow: "ship",
          revision: "r",
          state: "failed",
          reason: "it is failed",
          actor: "local:test",
          seq: 6,
          counts: expect.objectContaining({ total: 1 }) as object,
          url: "https://ops.example.test/v1/runs/r1",
        },
      });
    });
  });

  it("to each by what it wants to hear, of which workflows, and where", async () => {
    await withStore(async (store) => {
      const names = ["ends", "failures", "all", "shipped", "edge", "nothing"] as const;
      const receivers = new Map<string, Receiver>();
      await using stack = new AsyncDisposableStack();
      for (const name of names) receivers.set(name, stack.use(await startReceiver(secret)));
      const hook = (name: (typeof names)[number], rest: Partial<OutgoingHook>): OutgoingHook =>
        outgoingHook(receivers.get(name)?.url ?? "", secret, { name, ...rest });
      const touches = async (runId: string, where: string): Promise<boolean> =>
        await Promise.resolve(where === "tag:edge" && runId === "r2");
      await using _ = await start(
        store,
        [
          hook("ends", {}),
          hook("failures", { on: ["run.failed", "run.partial"] }),
          hook("all", { on: ["run.created", "run.started", "run.finished", "run.failed"] }),
          hook("shipped", { workflows: ["ship"] }),
          hook("edge", { where: "tag:edge" }),
          hook("nothing", { on: [] }),
        ],
        { touches },
      );
      await recordEndedRun(store, "r1", "succeeded", "ship");
      await recordEndedRun(store, "r2", "failed");
      await untilAll(store, "delivered", 2 + 1 + 6 + 1 + 1);
      const told = Object.fromEntries(names.map((name) => [name, idsOf(receivers.get(name) as Receiver).toSorted()]));
      expect(told).toEqual({
        ends: ["r1", "r2"],
        failures: ["r2"],
        all: ["r1", "r1", "r1", "r2", "r2", "r2"],
        shipped: ["r1"],
        edge: ["r2"],
        nothing: [],
      });
      const states = receivers.get("all")?.messages.map(({ event }) => (event["data"] as { state: string }).state);
      expect(states?.toSorted()).toEqual(["failed", "queued", "queued", "running", "running", "succeeded"]);
    });
  });

  it("again until it is taken, with the same id and body, whatever the receiver does", async () => {
    await withStore(async (store) => {
      await using receiver = await startReceiver(secret, (response, _message, count) => {
        if (count === 1) response.writeHead(500).end("x".repeat(1_000_000));
        else if (count === 2) response.destroy();
        else if (count === 3) response.writeHead(503, { "retry-after": "0" }).end();
        else if (count === 4) return;
        else response.writeHead(200).end();
      });
      await using running = await start(store, [outgoingHook(receiver.url, secret, { timeoutMs: 2_000 })]);
      await recordEndedRun(store, "r1");
      await untilAll(store, "delivered", 1);
      expect(receiver.messages.length).toBe(5);
      expect(new Set(receiver.messages.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
      const errors = running.seen.map((event) => (event.kind === "attempted" ? event.outcome.error : event.error));
      expect(errors).toEqual([
        "it answered 500",
        "the connection was broken",
        "it answered 503",
        "no answer within 2.0s",
        null,
      ]);
    });
  });

  it("no more when it was tried often enough, or the receiver says that it is gone", async () => {
    await withStore(async (store) => {
      await using busy = await startReceiver(secret, (response) => response.writeHead(500).end());
      await using gone = await startReceiver(secret, (response) => response.writeHead(410).end());
      await using _ = await start(store, [
        outgoingHook(busy.url, secret, { name: "busy", attempts: 3 }),
        outgoingHook(gone.url, secret, { name: "gone" }),
      ]);
      await recordEndedRun(store, "r1");
      await untilAll(store, "dead", 2);
      expect([busy.messages.length, gone.messages.length]).toEqual([3, 1]);
      expect(await store.listDeliveries({ hook: "busy", limit: 1 })).toMatchObject([
        { state: "dead", attempts: 3, status: 500, error: "it answered 500" },
      ]);
    });
  });

  it("as late as the receiver asks", async () => {
    await withStore(async (store) => {
      await using receiver = await startReceiver(secret, (response) => {
        response.writeHead(429, { "retry-after": "3600" }).end();
      });
      await using running = await start(store, [outgoingHook(receiver.url, secret)]);
      await recordEndedRun(store, "r1");
      await until(() => running.seen.length === 1, "the first attempt");
      const dueAt = (await store.nextDeliveryAt("chat")) ?? 0;
      expect(dueAt - Date.now()).toBeGreaterThan(3_500_000);
    });
  });

  it("without one that is slow keeping another one waiting", async () => {
    await withStore(async (store) => {
      await using slow = await startReceiver(secret, () => undefined);
      await using quick = await startReceiver(secret);
      await using _ = await start(store, [
        outgoingHook(slow.url, secret, { name: "slow", timeoutMs: 20_000 }),
        outgoingHook(quick.url, secret, { name: "quick" }),
      ]);
      for (let run = 0; run < 10; run += 1) await recordEndedRun(store, `r${run}`);
      await untilAll(store, "delivered", 10);
      expect(quick.messages.length).toBe(10);
    });
  });

  it("once by several servers, none left out", async () => {
    await withStore(async (store, file) => {
      await using receiver = await startReceiver(secret);
      await using _one = await startDelivererProcess(file, { url: receiver.url, secret });
      await using _two = await startDelivererProcess(file, { url: receiver.url, secret });
      await using _three = await start(store, [outgoingHook(receiver.url, secret)]);
      const runs = Array.from({ length: 60 }, (_value, index) => `run${index}`);
      for (const run of runs) await recordEndedRun(store, run);
      await untilAll(store, "delivered", runs.length);
      expect(idsOf(receiver).toSorted()).toEqual(runs.toSorted());
    });
  });

  it("although the server dies after it has sent, and before it has written that down", async () => {
    await withStore(async (store, file) => {
      let kill = (): void => undefined;
      await using receiver = await startReceiver(secret, (response, _message, count) => {
        if (count > 1) response.writeHead(204).end();
        else kill();
      });
      const hook = { url: receiver.url, secret, claimMs: 500 };
      await using first = await startDelivererProcess(file, hook);
      kill = first.kill;
      await recordEndedRun(store, "r1");
      await until(() => receiver.messages.length === 1, "the first message");
      expect(await store.listDeliveries({ limit: 1 })).toMatchObject([{ state: "pending", attempts: 1 }]);
      await using _second = await startDelivererProcess(file, hook);
      await untilAll(store, "delivered", 1);
      expect(receiver.messages.length).toBe(2);
      expect(new Set(receiver.messages.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
    });
  });

  it("although the server dies before it has looked, and although none was there for a while", async () => {
    await withStore(async (store, file) => {
      await using receiver = await startReceiver(secret);
      const hook = { url: receiver.url, secret, claimMs: 500 };
      await using first = await startDelivererProcess(file, hook);
      await first[Symbol.asyncDispose]();
      await recordEndedRun(store, "r1");
      await using _second = await startDelivererProcess(file, hook);
      await untilAll(store, "delivered", 1);
      expect(idsOf(receiver)).toEqual(["r1"]);
    });
  });
});

describe("an outgoing webhook is led nowhere else", { timeout: 60_000 }, () => {
  it("by a redirect", async () => {
    await withStore(async (store) => {
      await using other = await startReceiver(secret);
      await using receiver = await startReceiver(secret, (response, _message, count) => {
        const location = count === 1 ? "http://169.254.169.254/latest/meta-data/" : other.url;
        response.writeHead(count === 1 ? 302 : 307, { location }).end();
      });
      await using _ = await start(store, [outgoingHook(receiver.url, secret, { attempts: 2 })]);
      await recordEndedRun(store, "r1");
      await untilAll(store, "dead", 1);
      expect(await store.listDeliveries({ limit: 1 })).toMatchObject([
        { status: 307, error: "it answered 307, a redirect, which is not followed" },
      ]);
      expect(other.messages).toEqual([]);
    });
  });

  it.each([
    "http://169.254.169.254/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://0xA9FEA9FE/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
  ])("by its address: %s is refused without a try", async (url) => {
    await withStore(async (store) => {
      await using _ = await start(store, [outgoingHook(url, secret)]);
      await recordEndedRun(store, "r1");
      await untilAll(store, "dead", 1);
      const [row] = await store.listDeliveries({ limit: 1 });
      expect(row?.error).toContain("is link-local or a metadata service");
    });
  });

  it("by a name that is somewhere else a moment later (DNS rebinding)", async () => {
    await withStore(async (store) => {
      await using receiver = await startReceiver(secret, (response, _message, count) => {
        response.writeHead(count === 1 ? 500 : 204).end();
      });
      let asked = 0;
      const answers = ["127.0.0.1", "169.254.169.254", "127.0.0.1"];
      const resolve = (
        _name: string,
        _options: object,
        callback: (error: null, addresses: LookupAddress[]) => void,
      ): void => {
        const address = answers[asked] ?? "169.254.169.254";
        asked += 1;
        callback(null, [{ address, family: 4 }]);
      };
      const url = `http://rebinding.example.test:${receiver.port}/hook`;
      await using running = await start(store, [outgoingHook(url, secret)], { lookup: makeAllowedLookup(resolve) });
      await recordEndedRun(store, "r1");
      await untilAll(store, "delivered", 1);
      const errors = running.seen.map((event) => (event.kind === "attempted" ? event.outcome.error : event.error));
      expect(errors).toEqual([
        "it answered 500",
        "rebinding.example.test (169.254.169.254) is link-local or a metadata service of a cloud",
        null,
      ]);
      // Asked once for each attempt: what was checked is what was connected to.
      expect(asked).toBe(3);
      expect(receiver.messages.length).toBe(2);
    });
  });

  it("by a name with a forbidden address among good ones", async () => {
    await withStore(async (store) => {
      await using receiver = await startReceiver(secret);
      const addresses = ["127.0.0.1", "169.254.169.254"].map((address) => ({ address, family: 4 }));
      const lookup = makeAllowedLookup((_name, _options, callback) => callback(null, addresses));
      const hook = outgoingHook(`http://mixed.example.test:${receiver.port}/`, secret, { attempts: 2 });
      await using _ = await start(store, [hook], { lookup });
      await recordEndedRun(store, "r1");
      await untilAll(store, "dead", 1);
      expect(receiver.messages).toEqual([]);
    });
  });

  it("by a receiver that never stops talking, or talks nonsense", async () => {
    await withStore(async (store) => {
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.write("HTTP/1.1 200 OK\r\n");
        const timer = setInterval(() => socket.write(`x: ${"y".repeat(100)}\r\n`), 5);
        socket.on("close", () => clearInterval(timer));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      {
        await using _ = await start(store, [
          outgoingHook(`http://127.0.0.1:${port}/`, secret, { attempts: 1, timeoutMs: 5_000 }),
        ]);
        await recordEndedRun(store, "r1");
        await untilAll(store, "dead", 1);
      }
      server.close();
      await once(server, "close");
      const [row] = await store.listDeliveries({ limit: 1 });
      expect(row?.error).toMatch(/no answer within|Header overflow|Parse Error/);
    });
  });
});

describe("the waits between attempts", () => {
  it("double from 5 s to 1 h, a quarter more or less, over hours", () => {
    const middle = Array.from({ length: 14 }, (_value, index) => waitAfter(index + 1, 0.5, 5_000));
    expect(middle.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(middle.at(-1)).toBe(3_600_000);
    expect(middle.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(4 * 3_600_000);
    expect([waitAfter(1, 0, 5_000), waitAfter(1, 1, 5_000)]).toEqual([3_750, 6_250]);
  });

  it("are read from seconds and dates, and nothing else", () => {
    const now = Date.UTC(2030, 0, 1);
    expect(readRetryAfter("120", now)).toBe(120_000);
    expect(readRetryAfter("Tue, 01 Jan 2030 00:01:00 GMT", now)).toBe(60_000);
    expect(readRetryAfter("Mon, 31 Dec 2029 00:00:00 GMT", now)).toBe(0);
    for (const text of [undefined, "", "soon", "-1", "1e9", "2030-01-01", "99999999999"])
      expect(readRetryAfter(text, now)).toBeNull();
  });
});
