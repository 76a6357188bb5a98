import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { recordRun } from "../../engine/record-run.ts";
import { makeJob, makeStep } from "../../engine/plan-fixture.ts";
import { planOnce } from "../../engine/engine-fixture.ts";
import type { HealthPace } from "./health-probes.ts";
import { startTestServer, type TestServer } from "../server-fixture.ts";

const pace: HealthPace = { restMs: 20, adapterRestMs: 100, adapterRestWhileDownMs: 100, deadlineMs: 5_000 };
const bindings = [
  { subject: "user:dana", role: "viewer" },
  { subject: "user:root", role: "admin" },
];

interface Document {
  readonly status: string;
  readonly version: string;
  readonly releaseId?: string;
  readonly checks?: Readonly<
    Record<string, readonly { readonly status: string; readonly output?: string; readonly time?: string }[]>
  >;
}

async function ask(
  server: TestServer,
  path: string,
  token?: string,
  url = server.url,
): Promise<{ status: number; document: Document; text: string }> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { headers });
  const text = await response.text();
  const kind = response.status === 400 ? "problem" : "health";
  expect(response.headers.get("content-type")).toContain(`application/${kind}+json`);
  return { status: response.status, document: JSON.parse(text) as Document, text };
}

/** Asks until a part is in a state; gives the whole answer. */
async function until(
  server: TestServer,
  token: string,
  part: string,
  state: string,
): Promise<{ output: string; status: number }> {
  for (;;) {
    const { document, status } = await ask(server, "/readyz?verbose", token);
    const check = document.checks?.[part]?.[0];
    if (check?.status === state) return { output: check.output ?? "", status };
    await delay(10);
  }
}

async function untilReady(server: TestServer): Promise<void> {
  while ((await ask(server, "/readyz")).status !== 200) await delay(10);
}

const statePaths = (server: TestServer): readonly string[] =>
  ["", "-wal", "-shm"].map((end) => join(server.workspace, `.mahavishnu/state.db${end}`));

function moveState(server: TestServer, from: string, to: string): void {
  for (const path of statePaths(server)) renameSync(`${path}${from}`, `${path}${to}`);
}

/** Another process that holds the write lock of the database until it is released. */
async function lockState(server: TestServer): Promise<AsyncDisposable> {
  const script = `
    import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(process.argv[1], { timeout: 60_000 });
    db.exec("BEGIN EXCLUSIVE");
    process.stdout.write("locked");
    process.stdin.on("end", () => process.exit(0)).resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, statePaths(server)[0] ?? ""], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    [Symbol.asyncDispose]: async () => {
      const exit = once(child, "exit");
      child.stdin.end();
      await exit;
    },
  };
}

describe("the health of a server", { timeout: 60_000 }, () => {
  it("is told to anybody, without a path or a reason", async () => {
    await using server = await startTestServer({ bindings, pace });
    await untilReady(server);
    for (const path of ["/livez", "/readyz", "/startupz"]) {
      expect((await ask(server, path)).text).toBe('{"status":"pass","version":"1"}');
    }
    writeFileSync(join(server.workspace, "repos.yaml"), "nonsense");
    let found = await ask(server, "/readyz?verbose");
    while (found.document.status !== "warn") found = await ask(server, "/readyz?verbose");
    expect(found.status).toBe(200);
    expect(Object.keys(found.document.checks ?? {}).toSorted()).toEqual([
      "adapter:embedded",
      "clock:time",
      "config:current",
      "disk:write",
      "dispatcher:alive",
      "manifest:current",
      "store:write",
    ]);
    for (const checks of Object.values(found.document.checks ?? {})) {
      for (const check of checks) expect(Object.keys(check).toSorted()).toEqual(["componentType", "status"]);
    }
    const strange = await ask(server, "/readyz?verbose", "nonsense");
    expect(strange).toMatchObject({ status: 200, document: { status: "warn" } });
    expect(strange.text).not.toContain("repos.yaml");
  });

  it("is told with reasons to whoever may read adapters", async () => {
    await using server = await startTestServer({ bindings, pace });
    await untilReady(server);
    const { document } = await ask(server, "/readyz?verbose", await server.token("user:dana"));
    expect(document.releaseId).toMatch(/^\d/);
    expect(document.checks?.["disk:write"]?.[0]).toMatchObject({ observedUnit: "bytes" });
    expect(Date.parse(document.checks?.["store:write"]?.[0]?.time ?? "")).toBeGreaterThan(Date.now() - 60_000);
    const stranger = await ask(server, "/readyz?verbose", await server.token("user:nobody"));
    expect(stranger.text).not.toContain("bytes");
  });

  it("refuses what it does not know", async () => {
    await using server = await startTestServer({ pace });
    for (const query of ["?verbos", "?verbose=1", "?verbose=true&x=1", "?verbose&verbose"]) {
      expect((await ask(server, `/readyz${query}`, undefined, server.directUrl)).status).toBe(400);
    }
  });

  it("costs nothing however often it is asked", async () => {
    await using server = await startTestServer({ pace: { ...pace, restMs: 3_600_000 } });
    await untilReady(server);
    const store = await server.app.store();
    const mark = store.changeMark();
    await Promise.all(Array.from({ length: 300 }, async () => await ask(server, "/readyz?verbose")));
    // Nothing was written for all of them; but a heartbeat may have come between.
    const writes = Number(store.changeMark().split(".")[1]) - Number(mark.split(".")[1]);
    expect(writes).toBeLessThanOrEqual(3);
  });
});

describe("readiness flips and comes back by itself", { timeout: 60_000 }, () => {
  it("when the database is moved away, and when another one stands in its place", async () => {
    await using server = await startTestServer({ bindings, pace });
    const token = await server.token("user:root");
    await untilReady(server);
    moveState(server, "", ".away");
    expect(await until(server, token, "store:write", "fail")).toMatchObject({ status: 503 });
    expect((await ask(server, "/livez")).status).toBe(200);
    expect(server.notices.some((line) => line.includes("was moved away or removed while it is open"))).toBe(true);
    const exec = await fetch(`${server.url}/v1/commands`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ command: ["true"] }),
    });
    expect(exec.status).toBe(503);
    expect(await exec.json()).toMatchObject({ code: "STATE_UNREADABLE" });
    for (const path of statePaths(server)) writeFileSync(path, "");
    await delay(50);
    expect((await ask(server, "/readyz")).status).toBe(503);
    for (const path of statePaths(server)) rmSync(path);
    moveState(server, ".away", "");
    await untilReady(server);
    expect(server.notices.at(-1)).toBe('a part works again, check "store:write"');
  });

  it("when another process keeps the database locked; a detached run begins when it is free", async () => {
    await using server = await startTestServer({ bindings, pace: { ...pace, deadlineMs: 300 } });
    await untilReady(server);
    const store = await server.app.store();
    let recorded: Promise<{ readonly runId: string }>;
    {
      await using _lock = await lockState(server);
      while ((await ask(server, "/readyz")).status !== 503) await delay(10);
      recorded = recordRun(store, {
        plan: planOnce([makeJob("j", [makeStep("s", "true")])]),
        actor: "local:test",
        reason: "a test",
      });
    }
    await untilReady(server);
    const { runId } = await recorded;
    while ((await store.getRun(runId))?.endedAt === null) await delay(20);
    expect((await store.getRun(runId))?.state).toBe("succeeded");
  });

  it("when the state folder is taken away", async () => {
    await using server = await startTestServer({ bindings, pace });
    await untilReady(server);
    const folder = join(server.workspace, ".mahavishnu");
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, "a file in the place of the folder");
    while ((await ask(server, "/readyz?verbose")).document.checks?.["disk:write"]?.[0]?.status !== "fail")
      await delay(10);
    expect((await ask(server, "/readyz")).status).toBe(503);
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    await untilReady(server);
  });

  it("when an adapter is cut", async () => {
    await using server = await startTestServer({ bindings, pace });
    const token = await server.token("user:dana");
    await untilReady(server);
    const runs = join(server.workspace, ".mahavishnu/runs");
    rmSync(runs, { recursive: true, force: true });
    writeFileSync(runs, "");
    const { status, output } = await until(server, token, "adapter:embedded", "fail");
    expect(status).toBe(503);
    expect(output).toContain(`${runs} is a file, and must be a folder`);
    rmSync(runs);
    mkdirSync(runs);
    await untilReady(server);
  });
});

describe("a server that lives long", { timeout: 60_000 }, () => {
  it("sees edits of the manifest; while it is broken the last one is shown and nothing is begun", async () => {
    await using server = await startTestServer({ bindings, pace });
    const token = await server.token("user:root");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const names = async (): Promise<readonly string[]> => {
      const response = await fetch(`${server.url}/v1/repositories`, { headers });
      const { items } = (await response.json()) as { readonly items: readonly { readonly name: string }[] };
      return items.map(({ name }) => name);
    };
    const plan = async (): Promise<Response> =>
      await fetch(`${server.url}/v1/commands`, {
        method: "POST",
        headers,
        body: '{"command":["true"],"select":"none"}',
      });
    expect(await names()).toEqual(["alpha", "beta"]);
    writeFileSync(join(server.workspace, "repos.yaml"), "version: 1\nrepos:\n  gamma: {}\n");
    while ((await names()).join() !== "gamma") await delay(50);
    writeFileSync(join(server.workspace, "repos.yaml"), "version: 1\nrepos:\n  gamma: { tag: x }\n");
    const { output, status } = await until(server, token, "manifest:current", "warn");
    expect(status).toBe(200);
    expect(output).toContain("repos.yaml:3:12");
    expect(await names()).toEqual(["gamma"]);
    const refused = await plan();
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      code: "USER_FILE_INVALID",
      diagnostics: [{ file: "repos.yaml", line: 3, column: 12 }],
    });
    writeFileSync(join(server.workspace, "repos.yaml"), "version: 1\nrepos:\n  gamma: { tags: [x] }\n");
    await until(server, token, "manifest:current", "pass");
  });

  it("says when its configuration has changed since", async () => {
    await using server = await startTestServer({ bindings, pace });
    const token = await server.token("user:dana");
    await until(server, token, "config:current", "pass");
    const local = join(server.workspace, "mahavishnu.local.yaml");
    writeFileSync(local, "version: 1\n");
    expect((await until(server, token, "config:current", "warn")).output).toContain("restart it");
    rmSync(local);
    await until(server, token, "config:current", "pass");
  });
});
