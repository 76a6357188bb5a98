import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { followStream } from "./server-events.ts";

/** How a server answers one request after the other. */
type Answer = (response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** Listens, and answers each request with the next of some answers; the last one stays. */
async function listen(answers: readonly Answer[], port = 0) {
  const asked: string[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(String(headers["last-event-id"] ?? ""));
    answers[Math.min(asked.length, answers.length) - 1]?.(response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  const { port: taken } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${taken}`);
  return { server, asked, connection: { url, token: "t", signal: new AbortController().signal } };
}

/** Sends events and breaks off, or ends as a stream that is over does. */
const events =
  (ids: readonly number[], isOver: boolean): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    for (const id of ids) response.write(`event: event\nid: ${id}\ndata: ${id}\n\n`);
    if (isOver) response.end("event: end\ndata: {}\n\n");
    else response.write(": cut\n\n", () => response.destroy());
  };

const refuse =
  (status: number, code: string | null): Answer =>
  (response) => {
    response.writeHead(status).end(code === null ? "<h1>Bad gateway</h1>" : JSON.stringify({ code, detail: "no" }));
  };

async function collect(stream: AsyncIterable<{ readonly data: string }>): Promise<string[]> {
  return (await Array.fromAsync(stream)).map(({ data }) => data);
}

describe("a stream that is followed", () => {
  it.each([
    ["a server that is being stopped", 503, "SERVER_STOPPING"],
    ["a store that is locked", 503, "STATE_BUSY"],
    ["a proxy without a server behind it", 502, null],
    ["a rate that is used up", 429, "RATE_LIMITED"],
  ])("goes on behind the last event after %s", async (_what, status, code) => {
    const answers = [events([1, 2], false), refuse(status, code), events([3], true)];
    const { asked, connection } = await listen(answers);
    expect(await collect(followStream(connection, "/"))).toEqual(["1", "2", "3"]);
    expect(asked).toEqual(["", "2", "2"]);
  });

  it("goes on when the server is started anew at the same address, however many tries that takes", async () => {
    const { server, connection } = await listen([events([1], false)]);
    const stream = followStream(connection, "/");
    expect((await stream.next()).value).toMatchObject({ data: "1" });
    server.close();
    server.closeAllConnections();
    const rest = collect(stream);
    const { asked } = await listen([events([2], true)], Number(connection.url.port));
    expect(await rest).toEqual(["2"]);
    expect(asked).toEqual(["1"]);
  });

  it("says at once what is refused for good", async () => {
    const { asked, connection } = await listen([events([1], false), refuse(401, "UNAUTHENTICATED")]);
    await expect(collect(followStream(connection, "/"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(asked).toEqual(["", "1"]);
  });

  it("goes on when nothing had happened yet", async () => {
    const { asked, connection } = await listen([events([], false), refuse(502, null), events([1], true)]);
    expect(await collect(followStream(connection, "/", { firstMs: 0, brokenMs: 60_000 }))).toEqual(["1"]);
    expect(asked).toEqual(["", "", ""]);
  });

  it("is given up after a while: sooner where nobody has ever answered", async () => {
    const { server, connection } = await listen([events([], false)]);
    await expect(collect(followStream(connection, "/", { firstMs: 60_000, brokenMs: 0 }))).rejects.toMatchObject({
      code: "SERVER_UNREACHABLE",
      message: expect.stringContaining("breaks off each time") as string,
    });
    server.close();
    server.closeAllConnections();
    await expect(collect(followStream(connection, "/", { firstMs: 0, brokenMs: 60_000 }))).rejects.toMatchObject({
      message: expect.stringContaining("cannot be reached") as string,
    });
  });

  it("is given up when it breaks off for good", async () => {
    const { asked, connection } = await listen([events([1], false), refuse(502, null)]);
    const patience = { firstMs: 60_000, brokenMs: 700 };
    await expect(collect(followStream(connection, "/", patience))).rejects.toMatchObject({
      code: "SERVER_UNREACHABLE",
      message: expect.stringContaining("502") as string,
    });
    expect(asked.length).toBeGreaterThan(1);
  });
});
