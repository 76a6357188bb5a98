import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callServer } from "../../src/client/call-server.ts";
import { followStream, parseEvents, type ServerEvent } from "../../src/client/server-events.ts";
import { type ApiWorld, startApiWorld } from "../support/api-world.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(async () => await world[Symbol.asyncDispose]());

/** Starts the workflow that goes on until its file is there. */
async function startWaiting(name: string): Promise<{ readonly id: string; readonly release: () => void }> {
  const file = join(world.proxied.server.workspace, name);
  const { runId } = await callServer(world.connection, "startRun", { workflow: "waits", inputs: { file } });
  return { id: runId, release: () => writeFileSync(file, "") };
}

/** How one connection to a stream ended. */
interface Part {
  readonly events: readonly ServerEvent[];
  readonly isWhole: boolean;
}

/** Reads a stream, and tears its socket down after so many bytes: wherever in an event that is. */
async function readUntilCut(path: string, lastId: string, bytes: number): Promise<Part> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${world.token}`,
      accept: "text/event-stream",
      ...(lastId === "" ? {} : { "last-event-id": lastId }),
    };
    request(new URL(path, world.proxied.url), { headers }, resolve).once("error", reject).end();
  });
  expect(response.statusCode).toBe(200);
  async function* cutAfter(limit: number): AsyncGenerator<Uint8Array> {
    let left = limit;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  }
  const events: ServerEvent[] = [];
  for await (const event of parseEvents(cutAfter(bytes))) {
    if (event.event === "end") return { events, isWhole: true };
    events.push(event);
  }
  response.destroy();
  return { events, isWhole: false };
}

/** Reads a stream to its end over connections that break after so many bytes each. */
async function readInParts(path: string, sizes: () => number): Promise<{ events: ServerEvent[]; connections: number }> {
  const events: ServerEvent[] = [];
  let lastId = "";
  let factor = 1;
  for (let connections = 1; ; connections += 1) {
    const part = await readUntilCut(path, lastId, sizes() * factor);
    events.push(...part.events);
    // An event that is longer than any part would never come.
    factor = part.events.length === 0 ? factor * 2 : 1;
    lastId = events.findLast(({ id }) => id !== "")?.id ?? "";
    if (part.isWhole) return { events, connections };
  }
}

/** Numbers that are the same in each run of the test, spread between two bounds. */
function spread(least: number, most: number): () => number {
  let state = 12_345;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return least + Math.floor((state / 2_147_483_648) * (most - least));
  };
}

const seqs = (events: readonly ServerEvent[]): number[] =>
  events.filter(({ event }) => event === "event").map(({ data }) => (JSON.parse(data) as { runSeq: number }).runSeq);

const printed = (events: readonly ServerEvent[]): string =>
  events.map(({ data }) => (JSON.parse(data) as { text: string }).text).join("");

const upTo = (length: number): number[] => Array.from({ length }, (_none, n) => n + 1);

describe("the stream of a run's history", () => {
  it("goes on behind every position of a run that is over", async () => {
    const { runId } = await callServer(world.connection, "startRun", { workflow: "survey" });
    await world.finish(runId);
    const path = `/v1/runs/${runId}/events/stream`;
    const { items } = await callServer(world.connection, "readRunEvents", { id: runId });
    expect(items.length).toBeGreaterThan(8);
    for (let position = 0; position <= items.length; position += 1) {
      const { events, isWhole } = await readUntilCut(path, String(position), Number.POSITIVE_INFINITY);
      expect(isWhole).toBe(true);
      expect(seqs(events)).toEqual(upTo(items.length).slice(position));
      expect(events.at(-1)?.event).toBe("run");
    }
  });

  it("loses nothing and repeats nothing when its connection breaks while the run goes on", async () => {
    const { id, release } = await startWaiting("cut-events");
    const path = `/v1/runs/${id}/events/stream`;
    const reading = readInParts(path, spread(200, 900));
    setTimeout(release, 300);
    const { events, connections } = await reading;
    const { items } = await callServer(world.connection, "readRunEvents", { id });
    expect(seqs(events)).toEqual(upTo(items.length));
    expect(events.filter(({ event }) => event === "event").map(({ data }) => JSON.parse(data) as unknown)).toEqual(
      items,
    );
    expect(connections).toBeGreaterThan(2);
  });

  it("is followed by the client over breaks as if there were none", async () => {
    const { id, release } = await startWaiting("client");
    const path = `/v1/runs/${id}/events/stream`;
    const events: ServerEvent[] = [];
    for await (const event of followStream(world.connection, path)) {
      events.push(event);
      if (event.id === "2") world.proxied.cutConnections();
      if (event.id === "3") release();
    }
    const { items } = await callServer(world.connection, "readRunEvents", { id });
    expect(seqs(events)).toEqual(upTo(items.length));
  });

  it("refuses a position that is none", async () => {
    const { runId } = await callServer(world.connection, "startRun", { workflow: "hello", inputs: {} });
    await world.finish(runId);
    for (const position of ["x", "-1", "1.5", "1e3", "9".repeat(40)]) {
      const answer = await fetch(`${world.proxied.server.directUrl}/v1/runs/${runId}/events/stream`, {
        headers: { authorization: `Bearer ${world.token}`, "last-event-id": position },
      });
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: "USAGE" }]);
    }
  });
});

describe("the stream of a run's output", () => {
  it("gives each byte once, wherever its connection breaks", async () => {
    const { id, release } = await startWaiting("cut-logs");
    const path = `/v1/runs/${id}/logs/stream`;
    const reading = readInParts(path, spread(150, 700));
    setTimeout(release, 500);
    const { events, connections } = await reading;
    const { items } = await callServer(world.connection, "readRunLogs", { id });
    const whole = items.map(({ text }) => text).join("");
    expect(whole).toMatch(/^(zähle \d+\n)+done\n$/);
    expect(printed(events)).toBe(whole);
    expect(connections).toBeGreaterThan(1);
    let bytes = 0;
    for (const { data } of events) {
      const { offset, text } = JSON.parse(data) as { offset: number; text: string };
      expect(offset).toBe(bytes);
      bytes += Buffer.byteLength(text);
    }
  });

  it("goes on behind every cursor that it gave", async () => {
    const { runId } = await callServer(world.connection, "startRun", { workflow: "survey" });
    await world.finish(runId);
    const path = `/v1/runs/${runId}/logs/stream`;
    const { events } = await readUntilCut(path, "", Number.POSITIVE_INFINITY);
    expect(events.length).toBeGreaterThan(1);
    for (const [n, { id }] of events.entries()) {
      const rest = await readUntilCut(path, id, Number.POSITIVE_INFINITY);
      expect(printed([...events.slice(0, n + 1), ...rest.events])).toBe(printed(events));
    }
  });
});
