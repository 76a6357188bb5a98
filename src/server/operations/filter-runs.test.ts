import { afterAll, beforeAll, expect, it } from "vitest";
import { livingOwner, newRun, rowOf } from "../../store/store-fixture.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startTestServer({ bindings: [{ subject: "user:dana", role: "viewer" }] });
  token = await server.token("user:dana");
  const store = await server.app.store();
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 3_600_000);
  for (const [id, state] of [
    ["a1", "failed"],
    ["a2", "succeeded"],
  ] as const) {
    const extent = { repositories: ["alpha"], jobs: ["test"] };
    await store.createRun({ ...newRun(id, owner, { extent }), row: rowOf(state), start: null });
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function list(filter: string, url = server.url): Promise<{ status: number; body: Record<string, unknown> }> {
  const query = new URLSearchParams({ filter });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/v1/runs?${query.toString()}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

it("filters runs over HTTP", async () => {
  const { status, body } = await list("state:failed && repo:al*");
  expect(status).toBe(200);
  expect(body).toMatchObject({ items: [{ id: "a1" }], nextCursor: null });
});

it("answers a filter that is wrong with 400 and the place", async () => {
  const { status, body } = await list("state:failed && rep:alpha");
  expect(status).toBe(400);
  expect(body).toMatchObject({ code: "USAGE", diagnostics: [{ file: "filter", line: 1, column: 17 }] });
  expect(body["detail"]).toContain('                ^^^ did you mean "repo"?');
});

it.each(["'", '"', "repo:'a", "reason:\u0000", "state:failed'; DROP TABLE run; --", "", "@web"])(
  "refuses %j",
  async (filter) => {
    expect((await list(filter)).status).toBe(400);
  },
);

it("refuses one that is longer than the document allows", async () => {
  expect((await list("x".repeat(5_000), server.directUrl)).status).toBe(400);
});

it.each([
  "reason:%",
  "reason:_",
  'reason:"*"',
  "repo:%",
  'repo:"[ab]*"',
  'workflow:"a\\"b"',
  "job:**",
  "actor:\u{1F600}",
])("takes %j as it is", async (filter) => {
  const { status, body } = await list(filter);
  expect(status).toBe(200);
  expect((body["items"] as unknown[]).length).toBe(filter === "job:**" ? 2 : 0);
});
