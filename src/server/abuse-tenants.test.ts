import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestServer, type TestServer } from "./server-fixture.ts";

/** Every repository says its own name; the job after it tells of all of them. */
const tell = {
  version: 1,
  name: "tell",
  jobs: {
    look: {
      sweep: {},
      checkout: "inPlace",
      steps: [{ id: "look", run: 'echo "said=word-of-$(basename "$PWD")" >> "$MAHAVISHNU_OUTPUT"' }],
      outputs: { said: "${{ steps.look.outputs.said }}" },
    },
    sum: {
      needs: ["look"],
      steps: [
        {
          id: "sum",
          run: 'echo "$ALL"; echo "all=$(echo $ALL)" >> "$MAHAVISHNU_OUTPUT"',
          env: { ALL: "${{ toJSON(needs.look.targets) }}" },
        },
      ],
      outputs: { all: "${{ steps.sum.outputs.all }}" },
    },
  },
};

/** Goes on until a file is there. */
const wait = {
  version: 1,
  name: "wait",
  inputs: { file: { type: "string" } },
  jobs: {
    wait: {
      steps: [{ run: 'until [ -e "$FILE" ]; do sleep 0.05; done', env: { FILE: "${{ inputs.file }}" } }],
    },
  },
};

let server: TestServer;
let ada: string;
let fred: string;
beforeAll(async () => {
  server = await startTestServer({
    bindings: [
      { subject: "user:ada", role: "admin" },
      { subject: "user:rob", role: "runner" },
      { subject: "user:fred", role: "operator", where: "tag:front" },
    ],
    files: { "workflows/tell.yaml": JSON.stringify(tell), "workflows/wait.yaml": JSON.stringify(wait) },
    config: { server: { maxConnections: 40 } },
  });
  for (const name of ["alpha", "beta"]) {
    mkdirSync(join(server.workspace, name));
    execFileSync("git", ["init", "-q"], { cwd: join(server.workspace, name) });
  }
  ada = await server.token("user:ada");
  fred = await server.token("user:fred");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function ask(token: string, path: string, { body, key }: { body?: object; key?: string } = {}): Promise<Reply> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Starts a run as the admin and waits for its end. */
async function runIt(select?: string): Promise<string> {
  const body = { workflow: "tell", ...(select === undefined ? {} : { select }) };
  const { status, text } = await ask(ada, "/v1/runs", { body });
  expect(status, text).toBe(202);
  const { runId } = JSON.parse(text) as { runId: string };
  expect((await ask(ada, `/v1/runs/${runId}/events/stream`)).text).toContain('"state":"succeeded"');
  return runId;
}

/** Without what differs in any two answers. */
function plain({ status, text }: Reply, id: string): string {
  return `${status} ${text.replaceAll(id, "ID").replace(/urn:uuid:[\w-]+/, "")}`;
}

describe("a run of repositories that are another tenant's", () => {
  it("is not there, however it is asked for, and the trail has each attempt", async () => {
    const id = await runIt("name:beta");
    const unknown = "0000000000";
    const last = await server.app.store().then(async (store) => await store.listAudit({ limit: 1, newestFirst: true }));
    const asks: readonly (readonly [path: string, body?: object])[] = [
      [""],
      ["/events"],
      ["/logs"],
      ["/events/stream"],
      ["/logs/stream"],
      ["/cancel", { reason: "x", atOnce: false }],
      ["/resume", {}],
      ["/retry", {}],
    ];
    for (const [path, body] of asks) {
      const request = body === undefined ? {} : { body };
      const answer = await ask(fred, `/v1/runs/${id}${path}`, request);
      expect(plain(answer, id), path).toBe(plain(await ask(fred, `/v1/runs/${unknown}${path}`, request), unknown));
      expect(answer.status).toBe(404);
    }
    expect((await ask(fred, `/v1/runs/${id.slice(0, 6)}`)).status).toBe(404);
    expect((await ask(fred, "/v1/runs")).text).not.toContain(id);
    const store = await server.app.store();
    const trail = await store.listAudit({ afterSeq: last[0]?.seq ?? 0, limit: 100 });
    const denied = trail.filter(({ actor, resource, decision }) => {
      return actor === "user:fred" && resource === `run:${id}` && decision === "denied";
    });
    expect(denied).toHaveLength(asks.length + 1);
  });

  it("cannot be told by a beginning that several have", async () => {
    const seen = new Set<string>();
    let beginning = "";
    // There are fewer letters and digits than runs that this begins at most.
    for (let n = 0; beginning === ""; n += 1) {
      const body = { workflow: "tell", select: "name:beta" };
      const { runId } = JSON.parse((await ask(ada, "/v1/runs", { body, key: `${n}` })).text) as { runId: string };
      if (seen.has(runId.slice(0, 1))) beginning = runId.slice(0, 1);
      seen.add(runId.slice(0, 1));
    }
    expect((await ask(ada, `/v1/runs/${beginning}`)).text).toContain("fits more than one run");
    const { detail } = JSON.parse((await ask(fred, `/v1/runs/${beginning}`)).text) as { detail: string };
    expect(detail).toBe(`there is no run "${beginning}"`);
  });

  it("cannot be told by its idempotency key, nor is anybody kept from a run by it", async () => {
    const rob = await server.token("user:rob");
    const start = async (token: string, select: string): Promise<{ runId: string; created: boolean }> => {
      const { status, text } = await ask(token, "/v1/runs", { body: { workflow: "tell", select }, key: "nightly" });
      expect(status, text).toBe(202);
      return JSON.parse(text) as { runId: string; created: boolean };
    };
    const first = await start(ada, "name:beta");
    const others = [await start(fred, "name:alpha"), await start(rob, "name:beta")];
    expect(others.map(({ created }) => created)).toEqual([true, true]);
    expect(new Set([first, ...others].map(({ runId }) => runId)).size).toBe(3);
    expect(await start(ada, "name:beta")).toMatchObject({ runId: first.runId, created: false });
  });
});

describe("a run of which a subject may see a part", () => {
  it("says nothing of the rest, not even by a job that tells of all", async () => {
    const id = await runIt();
    for (const path of ["", "/events", "/logs", "/events/stream", "/logs/stream"]) {
      const { status, text } = await ask(fred, `/v1/runs/${id}${path}`);
      expect(status).toBe(200);
      expect(text, path).not.toMatch(/beta|word-of-beta/);
    }
    expect((await ask(fred, `/v1/runs/${id}`)).text).toContain("word-of-alpha");
    const seen = (await ask(ada, `/v1/runs/${id}/logs`)).text;
    expect(seen).toContain("word-of-beta");
  });
});

describe("whoever follows", () => {
  it("may have half of the connections, so that the others get theirs", async () => {
    const file = join(server.workspace, "go");
    const { text } = await ask(ada, "/v1/runs", { body: { workflow: "wait", inputs: { file } } });
    const { runId } = JSON.parse(text) as { runId: string };
    // Directly: of a stream that is left, only the server itself is to know.
    const url = `${server.directUrl}/v1/runs/${runId}/events/stream`;
    const follow = async (token: string, signal?: AbortSignal): Promise<Response> =>
      await fetch(url, { headers: { authorization: `Bearer ${token}` }, ...(signal === undefined ? {} : { signal }) });
    const leaving = new AbortController();
    const one = await follow(ada, leaving.signal);
    const open = await Promise.all(Array.from({ length: 19 }, async () => await follow(ada)));
    expect([one, ...open].map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const refused = await follow(ada);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    expect((await ask(ada, "/v1/whoami")).status).toBe(200);
    const other = await follow(await server.token("user:rob"));
    expect(other.status).toBe(200);
    leaving.abort();
    // The connection is seen to be gone a moment later.
    await expect.poll(async () => (await follow(ada)).status).toBe(200);
    writeFileSync(file, "");
    for (const stream of [...open, other]) expect(await stream.text()).toContain('"state":"succeeded"');
  });

  it("is cut off when their token is revoked", async () => {
    const file = join(server.workspace, "go on");
    const { text } = await ask(ada, "/v1/runs", { body: { workflow: "wait", inputs: { file } } });
    const { runId } = JSON.parse(text) as { runId: string };
    const made = await ask(ada, "/v1/tokens", { body: { subject: "user:rob" } });
    const { token, item } = JSON.parse(made.text) as { token: string; item: { id: string } };
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      // Directly: how a stream is cut off is the server's own.
      const url = `${server.directUrl}/v1/runs/${runId}/events/stream`;
      const stream = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      expect(stream.status).toBe(200);
      const rest = stream.text();
      expect((await ask(ada, "/v1/tokens/revoke", { body: { id: item.id } })).status).toBe(200);
      vi.advanceTimersByTime(5_000);
      await expect(rest).rejects.toThrow("terminated");
    } finally {
      vi.useRealTimers();
      writeFileSync(file, "");
    }
    expect((await ask(token, `/v1/runs/${runId}`)).status).toBe(401);
  });
});
