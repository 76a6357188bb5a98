import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { parseEvents } from "../../src/client/server-events.ts";
import { Api, ServedWorkspace, type ServeProcess, until } from "../support/serve-process.ts";

interface History {
  readonly items: readonly { readonly type: string; readonly runSeq: number }[];
}

/** Ends servers that are still there. */
function endLater(workspace: ServedWorkspace, servers: readonly ServeProcess[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      workspace.write("go");
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

describe("several servers on one workspace", { timeout: 120_000 }, () => {
  it("start a detached run once, whichever is asked", async () => {
    using workspace = new ServedWorkspace();
    const api = new Api(await workspace.token());
    const servers = await Promise.all([workspace.serve(), workspace.serve(), workspace.serve()]);
    await using _servers = endLater(workspace, servers);
    const ids = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const server = servers[index % 3] ?? servers[0];
        return await api.start(server, "one", { detach: true });
      }),
    );
    for (const id of ids) expect(await api.until(servers[0], id, "succeeded")).toMatchObject({ state: "succeeded" });
    expect(workspace.steps()).toHaveLength(12);
    // Their log: nothing to be warned of.
    const warnings = servers.map(({ stderr }) =>
      stderr.split("\n").filter((line) => /"level":"(?:warn|error)"/.test(line)),
    );
    expect(warnings).toEqual([[], [], []]);
    for (const server of servers) server.signal("SIGTERM");
    expect(await Promise.all(servers.map((server) => server.exit()))).toEqual([0, 0, 0]);
  });

  it("take over what a killed one was doing; what was done is not done again", async () => {
    using workspace = new ServedWorkspace();
    const api = new Api(await workspace.token());
    const [first, second, third] = await Promise.all([workspace.serve(), workspace.serve(), workspace.serve()]);
    await using _servers = endLater(workspace, [first, second, third]);
    const id = await api.start(first, "wait");
    await until(() => workspace.steps().includes("wait"));
    first.signal("SIGKILL");
    expect(await first.exit()).toBe("SIGKILL");
    // The step that was going on is begun once more by whoever has the run now; the one before is not.
    await until(() => workspace.steps().length === 3);
    workspace.write("go");
    await api.until(second, id, "succeeded");
    expect(workspace.steps()).toEqual(["before", "wait", "wait", "after"]);
    const { items } = await api.ask<History>(third, `/v1/runs/${id}/events?limit=1000`);
    expect(items.filter(({ type }) => type === "run.finished" || type === "run.ended")).toHaveLength(1);
    expect(items.map(({ runSeq }) => runSeq)).toEqual(items.map((_, index) => index + 1));
  });

  it("follow, cancel and forbid for each other", async () => {
    using workspace = new ServedWorkspace();
    const api = new Api(await workspace.token());
    const [asked, executing] = await Promise.all([workspace.serve(), workspace.serve()]);
    await using _servers = endLater(workspace, [asked, executing]);
    const id = await api.start(executing, "wait");
    await until(() => workspace.steps().includes("wait"));
    const stream = await api.fetch(asked, `/v1/runs/${id}/events/stream`);
    expect(stream.status).toBe(200);
    const seen: string[] = [];
    const followed = (async () => {
      for await (const { event, data } of parseEvents(stream.body ?? new ReadableStream())) {
        seen.push(event === "event" ? (JSON.parse(data) as { readonly type: string }).type : event);
      }
    })();
    await until(() => seen.includes("step.started"));
    await api.ask(asked, `/v1/runs/${id}/cancel`, { reason: "enough" });
    await api.until(asked, id, "cancelled");
    await followed;
    expect(seen.at(-1)).toBe("end");
    expect(seen).toContain("run");
    expect(workspace.steps()).toEqual(["before", "wait"]);

    const other = await api.ask<{ token: string; item: { id: string } }>(executing, "/v1/tokens", {
      subject: "user:root",
    });
    const guest = new Api(other.token);
    // Both know it by now.
    expect((await guest.fetch(asked, "/v1/runs")).status).toBe(200);
    expect((await guest.fetch(executing, "/v1/runs")).status).toBe(200);
    await api.ask(asked, "/v1/tokens/revoke", { id: other.item.id });
    expect((await guest.fetch(executing, "/v1/runs")).status).toBe(401);
    expect((await guest.fetch(asked, "/v1/runs")).status).toBe(401);
  });

  it("go on with what a stopped one has released, and its followers go on there", async () => {
    using workspace = new ServedWorkspace({ drain: "200ms" });
    const token = await workspace.token();
    const api = new Api(token);
    const [leaving, staying] = await Promise.all([workspace.serve(), workspace.serve()]);
    await using _servers = endLater(workspace, [leaving, staying]);
    const id = await api.start(leaving, "wait");
    await until(() => workspace.steps().includes("wait"));
    const stream = await api.fetch(leaving, `/v1/runs/${id}/events/stream`);
    const read = stream.text();
    leaving.signal("SIGTERM");
    const text = await read;
    expect(text).toMatch(/retry: \d+\n\n$/);
    expect(text).not.toContain("event: end");
    expect(await leaving.exit()).toBe(0);
    const last = [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
    const rest = await fetch(`${staying.url}/v1/runs/${id}/events/stream`, {
      headers: { authorization: `Bearer ${token}`, "last-event-id": last },
    });
    workspace.write("go");
    const all = text + (await rest.text());
    const { items } = await api.ask<History>(staying, `/v1/runs/${id}/events?limit=1000`);
    const told = [...all.matchAll(/^event: event\n(?:id: .*\n)?data: (.*)$/gm)].map(
      ([, data = ""]) => (JSON.parse(data) as { readonly runSeq: number }).runSeq,
    );
    expect(told).toEqual(items.map(({ runSeq }) => runSeq));
    expect(await api.show(staying, id)).toMatchObject({ state: "succeeded" });
    expect(workspace.steps().filter((step) => step === "before")).toHaveLength(1);
  });
});

describe("a server that is stopped", { timeout: 120_000 }, () => {
  it("lets a run end that ends in time, tells whoever watches before it closes, and exits with 0", async () => {
    using workspace = new ServedWorkspace();
    const api = new Api(await workspace.token());
    await using server = await workspace.serve();
    const id = await api.start(server, "wait");
    await until(() => workspace.steps().includes("wait"));
    const states: number[] = [];
    const watching = (async () => {
      for (;;) {
        const answer = await fetch(`${server.url}/readyz`).catch(() => null);
        if (answer === null) return;
        await answer.arrayBuffer();
        states.push(answer.status);
        if (states.length === 3) server.signal("SIGTERM");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    await watching;
    expect(states.slice(0, 3)).toEqual([200, 200, 200]);
    expect(states.at(-1)).toBe(503);
    workspace.write("go");
    expect(await server.exit()).toBe(0);
    expect(workspace.steps()).toEqual(["before", "wait", "after"]);
    await using later = await workspace.serve();
    expect(await api.show(later, id)).toMatchObject({ state: "succeeded" });
  });

  it("answers a request that has begun before it closes", async () => {
    using workspace = new ServedWorkspace();
    const token = await workspace.token();
    await using server = await workspace.serve();
    const socket = connect(Number(new URL(server.directUrl).port), "127.0.0.1");
    await once(socket, "connect");
    const body = JSON.stringify({ workflow: "one", detach: true });
    const head = `POST /v1/runs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    // It has been read so far when another one is answered.
    await fetch(`${server.url}/livez`);
    server.signal("SIGTERM");
    await until(async () => (await fetch(`${server.url}/livez`).catch(() => null)) === null);
    socket.write(body.slice(5));
    await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1\.1 202 /);
    expect(await server.exit()).toBe(0);
  });

  it("ends at once when it is told again", async () => {
    using workspace = new ServedWorkspace({ drain: "1h" });
    const api = new Api(await workspace.token());
    for (const [signals, code] of [
      [["SIGINT", "SIGINT"], 0],
      [["SIGTERM", "SIGTERM"], 143],
    ] as const) {
      await using server = await workspace.serve();
      await api.start(server, "wait");
      await until(() => workspace.steps().includes("wait"));
      server.signal(signals[0]);
      await until(async () => (await fetch(`${server.url}/livez`).catch(() => null)) === null);
      server.signal(signals[1]);
      expect(await server.exit()).toBe(code);
    }
  });

  it("says what keeps it from listening, and what mends that", async () => {
    using workspace = new ServedWorkspace();
    await using server = await workspace.serve();
    const { port } = new URL(server.directUrl);
    const cases: readonly [readonly string[], RegExp][] = [
      [
        ["--set", `server.port=${port}`],
        new RegExp(`cannot listen at 127.0.0.1:${port}: something else listens there already`),
      ],
      [["--set", "server.host=no.such.host.invalid"], /server.host no.such.host.invalid leads nowhere/],
    ];
    for (const [words, message] of cases) {
      await using refused = workspace.spawn("serve", ...words);
      expect(await refused.exit()).toBe(1);
      expect(refused.stderr).toMatch(message);
      expect(refused.stdout).toBe("");
    }
  });
});
