import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw, statusesOf } from "./raw-socket-fixture.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

async function ask({ port }: TestServer, ...headers: readonly string[]): Promise<string> {
  const lines = ["GET /openapi.json HTTP/1.1", "Connection: close", ...headers];
  return await sendRaw(port, `${lines.join("\r\n")}\r\n\r\n`);
}

describe("a server on a loopback address", () => {
  let server: TestServer;
  beforeAll(async () => {
    const publicUrl = "https://ops.example.test";
    server = await startTestServer({ config: { auth: { enabled: false }, server: { publicUrl } } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each([
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:8680",
    "[::1]",
    "[::1]:8680",
    "ops.example.test",
    "ops.example.test:443",
  ])("answers to %s", async (host) => {
    expect(statusesOf(await ask(server, `Host: ${host}`))).toEqual([200]);
  });

  it.each([
    "evil.test",
    "localhost.evil.test",
    "evil.test:8680",
    "127.0.0.1.evil.test",
    "localhost:8680@evil.test",
    "localhost,evil.test",
    "0.0.0.0",
    "2130706433",
    "ops.example.test.",
    "",
  ])("does not answer to %j, and the trail knows", async (host) => {
    const answer = await ask(server, `Host: ${host}`);
    expect(statusesOf(answer)).toEqual([421]);
    expect(answer).toContain('"code":"REQUEST_MISDIRECTED"');
    const [last] = await (await server.app.store()).listAudit({ limit: 1, newestFirst: true });
    expect(last).toMatchObject({
      actor: "anonymous",
      action: "authenticate",
      decision: "denied",
      from: "127.0.0.1",
    });
  });

  it("takes requests of its own pages alone, as long as nobody has to show a token", async () => {
    const own = `127.0.0.1:${server.port}`;
    expect(statusesOf(await ask(server, `Host: ${own}`, `Origin: http://${own}`))).toEqual([200]);
    expect(statusesOf(await ask(server, `Host: ${own}`, "Origin: https://ops.example.test"))).toEqual([200]);
    for (const origin of [
      "null",
      "http://evil.test",
      "http://127.0.0.1:1",
      "http://localhost:3000",
      `https://${own}`,
    ]) {
      const answer = await ask(server, `Host: ${own}`, `Origin: ${origin}`);
      expect([origin, ...statusesOf(answer)]).toEqual([origin, 403]);
    }
  });

  it("lets only a number of these into the trail", async () => {
    const entries = await (await server.app.store()).listAudit({ limit: 1000, action: "authenticate" });
    expect(entries.length).toBeLessThanOrEqual(10);
  });
});

describe("headers of answers", () => {
  it("keep browsers from doing anything with them, and tell nothing of what serves", async () => {
    await using server = await startTestServer();
    for (const path of ["/openapi.json", "/v1/runs", "/nothing"]) {
      const { headers } = await fetch(`${server.directUrl}${path}`);
      expect(Object.fromEntries(headers)).toMatchObject({
        "content-security-policy": expect.stringMatching(/^default-src 'none'; frame-ancestors 'none'/) as unknown,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-request-id": expect.any(String) as unknown,
      });
      for (const name of ["server", "x-powered-by", "strict-transport-security", "access-control-allow-origin"]) {
        expect(headers.get(name)).toBeNull();
      }
    }
  });
});

describe("pages of other origins", () => {
  const preflight = (origin: string): RequestInit => ({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  const told = ({ headers }: Response): string[] =>
    [...headers.keys()].filter((name) => name.startsWith("access-control-")).toSorted();

  it("are told nothing by default", async () => {
    await using server = await startTestServer();
    const answer = await fetch(`${server.url}/v1/runs`, preflight("https://pages.test"));
    expect([answer.status, told(answer)]).toEqual([401, []]);
  });

  it("may ask when they are named, exactly, and never with cookies", async () => {
    await using server = await startTestServer({ config: { server: { cors: ["https://pages.test"] } } });
    const url = `${server.url}/v1/runs`;
    const answer = await fetch(url, preflight("https://pages.test"));
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "https://pages.test"]);
    expect(answer.headers.get("vary")).toMatch(/origin/i);
    expect(told(answer)).not.toContain("access-control-allow-credentials");
    const authorization = `Bearer ${await server.token("user:dana", "viewer")}`;
    const asked = await fetch(url, { headers: { origin: "https://pages.test", authorization } });
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([200, "https://pages.test"]);
    for (const origin of ["https://pages.test.evil.test", "http://pages.test", "https://sub.pages.test", "null", "*"]) {
      const refused = await fetch(url, preflight(origin));
      expect([origin, refused.status, told(refused)]).toEqual([origin, 401, []]);
    }
  });
});
