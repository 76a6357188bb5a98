import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, Outputs } from "../engine/contract.ts";
import { makeActionContext } from "./action-context-fixture.ts";
import { httpRequest, maxBodyBytes } from "./http-request.ts";

let server: Server;
let other: Server;
let url: string;
let elsewhere: string;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Tells what came in, or does what its path asks for. */
const serve: Handler = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
  const status = Number(searchParams.get("status") ?? 200);
  if (pathname === "/hang") return;
  if (pathname === "/slow-body") {
    response.write("begin");
    return;
  }
  if (pathname === "/big") {
    response.end("é".repeat(maxBodyBytes));
    return;
  }
  if (pathname === "/latin") {
    response.setHeader("content-type", "text/plain; charset=latin1").end(Buffer.from([0xe9]));
    return;
  }
  if (pathname === "/loop") {
    response.writeHead(302, { location: "/loop" }).end();
    return;
  }
  if (pathname === "/break") {
    request.socket.destroy();
    return;
  }
  const to = searchParams.get("to");
  if (to !== null) {
    response.writeHead(status, { location: to }).end("moved");
    return;
  }
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const { method, headers } = request;
    response.writeHead(status).end(JSON.stringify({ method, path: pathname, headers, body }));
  });
};

const listen = async (listening: Server): Promise<string> => {
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
};

beforeAll(async () => {
  server = createServer(serve);
  other = createServer(serve);
  url = await listen(server);
  elsewhere = await listen(other);
});

afterAll(() => {
  for (const listening of [server, other]) {
    listening.closeAllConnections();
    listening.close();
  }
});

const send = (input: Readonly<Record<string, Json>>, signal?: AbortSignal): Promise<Outputs> =>
  httpRequest.run(input, makeActionContext(signal === undefined ? {} : { signal }));

interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const echo = async (input: Readonly<Record<string, Json>>): Promise<Echo> =>
  JSON.parse((await send(input))["body"] ?? "") as Echo;

const to = (target: string, status: number): string => `${url}/?status=${status}&to=${encodeURIComponent(target)}`;

describe("http/request", () => {
  it("sends method, headers, a body and the key of the step", async () => {
    const got = await echo({ url: `${url}/path`, method: "POST", headers: { "X-One": "1" }, body: "text é" });
    expect(got).toMatchObject({
      method: "POST",
      path: "/path",
      body: "text é",
      headers: {
        "x-one": "1",
        "idempotency-key": "k3v9q0x2mf/edit/gateway/commit",
        "user-agent": "mahavishnu",
        "content-length": "7",
      },
    });
    expect((await echo({ url, headers: { "Idempotency-Key": "own" } })).headers["idempotency-key"]).toBe("own");
  });

  it("sends values as JSON", async () => {
    const got = await echo({ url, method: "PUT", json: { a: [1, null] } });
    expect(got).toMatchObject({ body: '{"a":[1,null]}', headers: { "content-type": "application/json" } });
    const typed = await echo({
      url,
      method: "PUT",
      json: 0,
      headers: { "Content-Type": "application/merge-patch+json" },
    });
    expect(typed).toMatchObject({ body: "0", headers: { "content-type": "application/merge-patch+json" } });
  });

  it("gives status, body and where it came from, without the query", async () => {
    const outputs = await send({ url: `${url}/x?status=201&token=secret` });
    expect(outputs).toMatchObject({ status: "201", truncated: "false", url: `${url}/x` });
  });

  it("cuts a long answer off between characters, and reads other charsets", async () => {
    const outputs = await send({ url: `${url}/big` });
    expect(outputs["truncated"]).toBe("true");
    expect(outputs["body"]).toBe("é".repeat(maxBodyBytes / 2));
    expect((await send({ url: `${url}/latin` }))["body"]).toBe("é");
  });

  it.each([
    [404, "exit"],
    [400, "exit"],
    [429, "infrastructure"],
    [500, "infrastructure"],
    [503, "infrastructure"],
  ])("takes %i as a failure of class %s", async (status, failure) => {
    await expect(send({ url: `${url}/?status=${status}` })).rejects.toMatchObject({
      failure,
      message: expect.stringContaining(`answered ${status}, expected 200 to 299`) as string,
    });
  });

  it("takes the statuses that are expected, and no others", async () => {
    expect(await send({ url: `${url}/?status=404`, expectStatus: [200, 404] })).toMatchObject({ status: "404" });
    expect(await send({ url: `${url}/?status=500`, expectStatus: 500 })).toMatchObject({ status: "500" });
    await expect(send({ url, expectStatus: 201 })).rejects.toMatchObject({
      failure: "exit",
      message: expect.stringContaining("expected 201") as string,
    });
  });

  it.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [301, "PUT", "PUT", "x"],
    [307, "POST", "POST", "x"],
    [308, "POST", "POST", "x"],
  ])("follows %i after %s as fetch does", async (status, method, becomes, body) => {
    expect(await echo({ url: to("/there", status), method, body: "x" })).toMatchObject({
      method: becomes,
      path: "/there",
      body,
    });
  });

  it("keeps credentials to the origin that they are for", async () => {
    const headers = { Authorization: "Bearer x", "X-Api-Key": "x", Cookie: "x", Accept: "text/plain" };
    expect((await echo({ url: to("/there", 302), headers })).headers).toMatchObject({
      authorization: "Bearer x",
      "x-api-key": "x",
    });
    const crossed = (await echo({ url: to(`${elsewhere}/there`, 302), headers })).headers;
    expect(crossed).toMatchObject({ accept: "text/plain", "idempotency-key": expect.any(String) as string });
    expect(Object.keys(crossed)).not.toEqual(expect.arrayContaining(["authorization"]));
    expect([crossed["authorization"], crossed["x-api-key"], crossed["cookie"]]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("ends a circle of redirects, and hands a redirect on when none is to be followed", async () => {
    await expect(send({ url: `${url}/loop` })).rejects.toMatchObject({
      failure: "exit",
      message: `${url} redirects more than 5 times`,
    });
    expect(await send({ url: to("/there", 302), redirects: 0, expectStatus: 302 })).toMatchObject({
      status: "302",
      body: "moved",
    });
    await expect(send({ url: to("file:///etc/passwd", 302) })).rejects.toThrow("no http: or https: URL");
  });

  it("counts every failure of the network as infrastructure", async () => {
    const closed = createSocketServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(send({ url: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      failure: "infrastructure",
      message: `http://127.0.0.1:${port}: the connection was refused`,
    });
    await expect(send({ url: `${url}/break` })).rejects.toMatchObject({ failure: "infrastructure" });
    await expect(send({ url: "http://name.invalid/" })).rejects.toMatchObject({ failure: "infrastructure" });
    await expect(send({ url: url.replace("http:", "https:") })).rejects.toMatchObject({ failure: "infrastructure" });
  });

  it.each(["/hang", "/slow-body"])("gives up after its time limit: %s", async (path) => {
    await expect(send({ url: url + path, timeout: "50ms" })).rejects.toMatchObject({
      failure: "infrastructure",
      message: expect.stringContaining("gave no whole answer within 50ms") as string,
    });
  });

  it("ends at once when the step is cancelled", async () => {
    const controller = new AbortController();
    const reason = new Error("cancelled");
    const sent = send({ url: `${url}/hang` }, controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(sent).rejects.toBe(reason);
  });

  it.each<[Readonly<Record<string, Json>>, string]>([
    [{ url: "nowhere" }, '"nowhere" is not a URL'],
    [{ url: "ftp://x/" }, "ftp: is not supported"],
    [{ url: "http://user:secret@x/" }, "must not hold a user and password"],
    [{ url: "http://x/", body: "x" }, "a GET request has no body"],
    [{ url: "http://x/", method: "POST", body: "x", json: 1 }, "`body` or `json`, not both"],
    [{ url: "http://x/", headers: { Host: "y" } }, "set by the connection itself"],
    [{ url: "http://x/", headers: { "a b": "y" } }, 'header "a b" has a wrong name'],
    [{ url: "http://x/", headers: { A: "secret\r\nB: 1" } }, 'header "A" has a wrong name or a value'],
    [{ url: "http://x/", timeout: "5" }, "with.timeout: must be a duration"],
    [{ url: "http://x/", method: "get" }, 'did you mean "GET"?'],
  ])("refuses %j before anything is sent", async (input, message) => {
    await expect(send(input)).rejects.toMatchObject({
      failure: "exit",
      message: expect.stringContaining(message) as string,
    });
    await expect(send(input)).rejects.not.toThrow("secret");
  });
});

describe("addresses of metadata services and of the link", () => {
  it.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
  ])("are refused: %s", async (target) => {
    await expect(send({ url: target })).rejects.toMatchObject({
      failure: "exit",
      message: expect.stringContaining("steps may not talk to it") as string,
    });
  });

  it("are refused behind a redirect", async () => {
    await expect(send({ url: to("http://169.254.169.254/", 302) })).rejects.toThrow("steps may not talk to it");
    await expect(send({ url: to("//[fe80::1]/", 307) })).rejects.toThrow("steps may not talk to it");
  });
});
