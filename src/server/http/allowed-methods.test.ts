import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../server-fixture.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startTestServer();
  token = await server.token("user:dana", "admin");
});
afterAll(async () => await server[Symbol.asyncDispose]());

it.each([
  ["PUT", "/v1/runs", 405, "GET, HEAD, POST"],
  ["DELETE", "/v1/runs/k3v9", 405, "GET, HEAD"],
  // A stream has no answer that one could look at without reading it.
  ["HEAD", "/v1/runs/k3v9/events/stream", 405, "GET"],
  ["GET", "/v1/tokens/revoke", 405, "POST"],
  // What is no operation stands there too.
  ["POST", "/livez", 405, "GET"],
  ["DELETE", "/openapi.json", 405, "GET"],
  ["GET", "/v1/webhooks/chat", 405, "POST"],
  ["PUT", "/", 405, "GET"],
  ["GET", "/v1", 404, null],
  ["GET", "/v1/whoami/", 404, null],
  ["GET", "/V1/runs", 404, null],
])("%s %s is answered with %s and Allow: %s", async (method, path, status, allow) => {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.directUrl}${path}`, { method, headers });
  expect([answer.status, answer.headers.get("allow")]).toEqual([status, allow]);
});
