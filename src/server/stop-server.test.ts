import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { statusesOf } from "./http/raw-socket-fixture.ts";
import { startTestServer } from "./server-fixture.ts";

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  const isOpen = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

/** What comes back over one connection on which a request has begun before the server is stopped, and another one is asked behind it. */
async function askWhileStopping(path: string): Promise<string> {
  await using server = await startTestServer({ config: { server: { drain: "20s" } } });
  const known = ["Host: localhost", `Authorization: Bearer ${await server.token("user:dana", "admin")}`];
  const first = ["POST /v1/workflows/validate HTTP/1.1", ...known, "Content-Type: application/json"];
  const socket = connect({ port: server.port, host: "127.0.0.1" });
  let answers = "";
  socket.on("data", (chunk: Buffer) => (answers += chunk.toString("latin1")));
  const closed = once(socket, "close");
  // It waits for the end of its body.
  socket.write(`${first.join("\r\n")}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{`);
  await vi.waitFor(() => expect(statusesOf(answers)).toEqual([100]));
  const stopped = server.stop();
  await vi.waitFor(async () => expect(await isListening(server.port)).toBe(false));
  socket.write(`}${[`GET ${path} HTTP/1.1`, ...known].join("\r\n")}\r\n\r\n`);
  await closed;
  await stopped;
  return answers;
}

describe("a server that is being stopped", () => {
  it("answers what has begun, and refuses what is asked behind it as it refuses all else", async () => {
    const answers = await askWhileStopping("/v1/whoami");
    expect(statusesOf(answers)).toEqual([100, 200, 503]);
    const refusal = answers.slice(answers.lastIndexOf("HTTP/1.1"));
    expect(refusal).toMatch(/^content-type: application\/problem\+json/m);
    expect(refusal).toMatch(/^retry-after: [1-9]\d*\r$/m);
    expect(refusal).toMatch(/^x-request-id: [\w-]{36}\r$/m);
    expect(refusal).toMatch(/^x-content-type-options: nosniff\r$/m);
    expect(refusal).toMatch(/^connection: close\r$/im);
    expect(refusal).toContain('"code":"SERVER_STOPPING"');
  });

  it.each([
    ["/livez", 200, "pass"],
    ["/readyz", 503, "fail"],
  ])("tells its health to the end: %s is %s", async (path, status, health) => {
    const answers = await askWhileStopping(path);
    expect(statusesOf(answers)).toEqual([100, 200, status]);
    expect(answers.slice(answers.lastIndexOf("HTTP/1.1"))).toContain(`{"status":"${health}"`);
  });
});
