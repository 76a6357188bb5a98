import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sendRaw, statusesOf } from "./raw-socket-fixture.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startTestServer({ config: { server: { maxBody: "2KiB" } } });
  token = await server.token("user:dana", "admin");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A request with the headers that a good one has, and further lines. */
function request(line: string, ...headers: readonly string[]): string {
  const known = ["Host: localhost", `Authorization: Bearer ${token}`, "Connection: close"];
  return `${[line, ...known, ...headers].join("\r\n")}\r\n\r\n`;
}

const json = "Content-Type: application/json";

describe("requests that are not what they seem", () => {
  it("answers a good one, so that the others are refused for what is wrong with them", async () => {
    expect(statusesOf(await sendRaw(server.port, request("GET /v1/runs HTTP/1.1")))).toEqual([200]);
  });

  it.each([
    ["two lengths", request("POST /v1/runs HTTP/1.1", json, "Content-Length: 2", "Content-Length: 30") + "{}"],
    [
      "a length and chunks",
      request("POST /v1/runs HTTP/1.1", json, "Content-Length: 6", "Transfer-Encoding: chunked") +
        "0\r\n\r\nGET /v1/runs HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    [
      "another coding than chunks",
      request("POST /v1/runs HTTP/1.1", json, "Transfer-Encoding: xchunked") + "0\r\n\r\n",
    ],
    ["chunks twice", request("POST /v1/runs HTTP/1.1", json, "Transfer-Encoding: chunked, chunked") + "0\r\n\r\n"],
    ["a length with a sign", request("POST /v1/runs HTTP/1.1", json, "Content-Length: +2") + "{}"],
    ["a length of hex digits", request("POST /v1/runs HTTP/1.1", json, "Content-Length: 0x2") + "{}"],
    ["a header that is folded", request("GET /v1/runs HTTP/1.1", "X-One: a", " b")],
    ["a space before the colon", request("GET /v1/runs HTTP/1.1", "Content-Length : 5") + "abcde"],
    ["a line feed alone", request("GET /v1/runs HTTP/1.1").replaceAll("\r\n", "\n")],
    ["a line feed alone after a header", request("GET /v1/runs HTTP/1.1", "X-One: a\nX-Two: b")],
    ["a carriage return in a header", request("GET /v1/runs HTTP/1.1", "X-One: a\rX-Two: b")],
    ["a null in a header", request("GET /v1/runs HTTP/1.1", "X-One: a\0b")],
    ["a chunk of a wrong size", request("POST /v1/runs HTTP/1.1", json, "Transfer-Encoding: chunked") + "zz\r\n{}\r\n"],
    ["two hosts", request("GET /v1/runs HTTP/1.1", "Host: other.test")],
    ["two tokens", request("GET /v1/runs HTTP/1.1", "Authorization: Bearer a")],
    ["no host", "GET /v1/runs HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["a whole URL", request("GET http://localhost/v1/runs HTTP/1.1")],
    ["the URL of another host", request("GET http://evil.test/v1/runs HTTP/1.1")],
    ["no path", request("OPTIONS * HTTP/1.1")],
    ["a method that is none", request("STEAL /v1/runs HTTP/1.1")],
    ["another version", request("GET /v1/runs HTTP/3.0")],
    ["another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a path that cannot be decoded", request("GET /v1/runs/%zz HTTP/1.1")],
    ["a part of the path that is too long", request(`GET /v1/runs/${"a".repeat(500)} HTTP/1.1`)],
    [
      "more headers than anybody sends",
      request("GET /v1/runs HTTP/1.1", ...Array.from({ length: 120 }, (_, n) => `X-${n}: 1`)),
    ],
  ])("refuses %s", async (_what, text) => {
    const answer = await sendRaw(server.port, text);
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(answer).toContain("x-content-type-options: nosniff");
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ code: "USAGE", status: 400 });
  });

  it("refuses TRACE, and ends the connection of a CONNECT", async () => {
    expect(statusesOf(await sendRaw(server.port, request("TRACE /v1/runs HTTP/1.1")))).toEqual([405]);
    expect(await sendRaw(server.port, request("CONNECT evil.test:443 HTTP/1.1"))).toBe("");
  });

  it("refuses headers that are too large", async () => {
    const large = request("GET /v1/runs HTTP/1.1", `X-Large: ${"a".repeat(20_000)}`);
    expect(statusesOf(await sendRaw(server.port, large))).toEqual([431]);
  });

  it.each(["..%2f..%2fetc%2fpasswd", "%2e%2e", "a%2f..%2fb", "a%5cb", "a%00b", "a%0d%0aX-Forged:%201"])(
    "lets no path lead elsewhere: %s",
    async (part) => {
      const answer = await sendRaw(server.port, request(`GET /v1/workflows/${part} HTTP/1.1`));
      expect(statusesOf(answer)).toEqual([400]);
      expect(answer).not.toMatch(/^x-forged/im);
    },
  );

  it.each([
    ["/v1/../v1/runs", 404],
    ["//v1/runs", 404],
    ["/v1//runs", 404],
    ["/V1/runs", 404],
    ["/v1%2fruns", 404],
    // An id and a name that nothing has.
    ["/v1/runs/", 400],
    ["/v1/workflows/a%2fb", 400],
  ])("has nothing at %s", async (path, status) => {
    expect(statusesOf(await sendRaw(server.port, request(`GET ${path} HTTP/1.1`)))).toEqual([status]);
  });

  it("writes nothing of a request to the streams of the process", async () => {
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write"));
    try {
      const forged = "%0a2026-01-01%20root%20logged%20in";
      await sendRaw(server.port, request(`GET /${forged} HTTP/1.1`, "X-Forged: \u001b[2J"));
      await sendRaw(server.port, "\u001b[2J\r\n\r\n");
      const bearer = { authorization: "Bearer a.b.c" };
      await fetch(`${server.directUrl}/v1/runs?filter=${forged}`, { headers: bearer });
      const said = written.flatMap(({ mock }) => mock.calls.map(([text]) => String(text))).join("");
      expect(said).not.toContain("logged");
      expect(said).not.toContain("\u001b[2J");
    } finally {
      for (const spy of written) spy.mockRestore();
    }
  });
});

describe("bodies", () => {
  const send = async (body: string | Buffer, ...headers: readonly string[]): Promise<readonly [number[], string]> => {
    const head = request("POST /v1/plans HTTP/1.1", json, ...headers, `Content-Length: ${Buffer.byteLength(body)}`);
    const answer = await sendRaw(server.port, head, body);
    return [statusesOf(answer), answer];
  };

  it.each([
    ["nested too deep", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`, /at most 64 deep/],
    ["nested so deep that a stack would end", `{"a":${"[".repeat(2_000)}`, /at most 64 deep/],
    ["with a prototype", '{"__proto__":{"x":1}}', /JSON/],
    ["with an escaped prototype", String.raw`{"__proto\u005f_":{"x":1}}`, /JSON/],
    ["with the prototype of a constructor", '{"a":{"constructor":{"prototype":{"x":1}}}}', /JSON/],
    ["of no JSON", "{", /JSON/],
    ["of a list", "[]", /must be object/],
  ])("refuses one %s", async (_what, body, message) => {
    const [statuses, answer] = await send(body);
    expect(statuses).toEqual([400]);
    expect(answer).toMatch(message);
  });

  it("refuses one that is not UTF-8, or that is packed", async () => {
    expect((await send(Buffer.from([0x22, 0xff, 0x22])))[1]).toContain("a body is UTF-8");
    expect((await send("{}", "Content-Encoding: gzip"))[1]).toContain("without a content-encoding");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "refuses one of %s, which a form could send",
    async (type) => {
      const head = request("POST /v1/plans HTTP/1.1", `Content-Type: ${type}`, "Content-Length: 2");
      expect(statusesOf(await sendRaw(server.port, `${head}{}`))).toEqual([415]);
    },
  );

  it("refuses one that is too large, whether it says so or not", async () => {
    expect((await send(`{"a":"${"a".repeat(3_000)}"}`))[0]).toEqual([413]);
    const head = request("POST /v1/plans HTTP/1.1", json, "Transfer-Encoding: chunked");
    const chunk = `400\r\n${"a".repeat(1024)}\r\n`;
    expect(statusesOf(await sendRaw(server.port, head, chunk, chunk, chunk))).toEqual([413]);
  });
});

describe("clients that are slow, or many", () => {
  it("ends a connection whose headers or body do not come", async () => {
    await using slow = await startTestServer({ config: { server: { requestTimeout: "300ms" } } });
    const bearer = await slow.token("user:dana", "admin");
    const head = `POST /v1/plans HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${bearer}\r\n${json}\r\n`;
    const answers = await Promise.all([
      sendRaw(slow.port, "GET /v1/runs HTTP/1.1\r\nHost: local"),
      sendRaw(slow.port, `${head}Content-Length: 100\r\n\r\n{"a`),
      drip(slow.port),
    ]);
    expect(answers.map((answer) => statusesOf(answer))).toEqual([[408], [408], [408]]);
    // Nothing was sent at all.
    expect(await sendRaw(slow.port)).toMatch(/^$|408/);
  });

  it("takes so many connections at once, and more when some have ended", async () => {
    await using small = await startTestServer({ config: { server: { maxConnections: 3 } } });
    const held = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = connect({ port: small.port, host: "127.0.0.1" });
        socket.on("error", () => undefined);
        await once(socket, "connect");
        socket.write("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await once(socket, "data");
        return socket;
      }),
    );
    const ask = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect(await sendRaw(small.port, ask)).toBe("");
    for (const socket of held) socket.destroy();
    await vi.waitFor(async () => expect(statusesOf(await sendRaw(small.port, ask))).toEqual([200]), {
      timeout: 30_000,
    });
  });
});

/** Sends a header letter by letter for as long as the server listens: each is progress, and none an end. */
async function drip(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  const closed = once(socket, "close");
  socket.write("GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  const timer = setInterval(() => socket.write("a"), 20);
  await closed;
  clearInterval(timer);
  return answer;
}
