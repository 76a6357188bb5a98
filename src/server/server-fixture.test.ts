import { describe, expect, it } from "vitest";
import { startTestServer } from "./server-fixture.ts";

describe("a server for tests", () => {
  it("answers who shows a token by the rights of its subject, or by its own", async () => {
    await using server = await startTestServer({ bindings: [{ subject: "user:dana", role: "viewer" }] });
    const ask = async (bearer: string): Promise<number> =>
      (await fetch(`${server.url}/v1/runs`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    expect(await ask(await server.token("user:dana"))).toBe(200);
    expect(await ask(await server.token("user:eve"))).toBe(403);
    expect(await ask(await server.token("service:ci", "viewer"))).toBe(200);
    expect(await ask("no.such.token")).toBe(401);
  });
});
