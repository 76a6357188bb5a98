import { noticeLog } from "../../test/support/notice-log.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openApp } from "../app/open-app.ts";
import { loadConfig } from "../config/load-config.ts";
import { startTestServer } from "./server-fixture.ts";
import { purgeRegularly } from "./purge-regularly.ts";

const workspace = mkdtempSync(join(tmpdir(), "purge-"));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));
writeFileSync(join(workspace, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
writeFileSync(join(workspace, "repos.yaml"), "version: 1\nrepos: {}\n");

async function open(set: readonly string[]) {
  return openApp({ loaded: await loadConfig({ workspace, env: {}, set }), env: {} });
}

const hour = 3_600_000;

it("is recorded once in each period, however many servers there are, and not at all without retention.every", async () => {
  const set = ["retention.every=1h"];
  await using one = await open(set);
  await using two = await open(set);
  await using idle = await open([]);
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const start = async (app: typeof one, now: number): Promise<void> => {
    await using _purges = await purgeRegularly(app, noticeLog(say), () => now);
  };
  await start(idle, 10 * hour);
  const store = await one.store();
  expect(await store.listRuns({ limit: 10 })).toEqual([]);
  await Promise.all([start(one, 10 * hour), start(two, 10.9 * hour)]);
  await start(one, 10.5 * hour);
  expect(await store.listRuns({ limit: 10 })).toMatchObject([
    { workflow: "mahavishnu/purge", actor: "service:retention", state: "queued", detached: true },
  ]);
  await start(two, 11 * hour);
  expect(await store.listRuns({ limit: 10 })).toHaveLength(2);
  expect(said).toEqual([]);
});

it("is begun by a server by itself, and forgets what is old", async () => {
  await using server = await startTestServer({
    bindings: [{ subject: "user:vera", role: "viewer" }],
    config: { retention: { every: "1h", runs: { succeeded: { age: "0s" } } } },
  });
  const token = await server.token("user:vera");
  const list = async (): Promise<unknown> => {
    const answer = await fetch(`${server.url}/v1/runs?workflow=mahavishnu%2Fpurge`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const body = (await answer.json()) as { items?: unknown[] };
    return body.items?.[0] ?? body;
  };
  await expect.poll(list, { timeout: 10_000 }).toMatchObject({ state: "succeeded", actor: "service:retention" });
  // Who may not purge is refused, and learns nothing.
  const refused = await fetch(`${server.url}/v1/purges/preview`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(refused.status).toBe(403);
});
