import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { eventOf, livingOwner, newRun } from "../store/store-fixture.ts";
import { openApp } from "./open-app.ts";
import { openDeliverer } from "./open-deliverer.ts";
import { newHookSecret, startReceiver, until } from "./webhook-fixture.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "deliverer-"));
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

it("finds out which repositories a run touches without its history", async () => {
  const secret = newHookSecret();
  await using receiver = await startReceiver(secret);
  const hook = { url: receiver.url, secret: "${env:HOOK}", on: ["run.created"], where: "tag:front" };
  const config = { version: 1, auth: { enabled: false }, webhooks: { outgoing: { chat: hook } } };
  await writeFile(join(workspace, "mahavishnu.yaml"), JSON.stringify(config));
  await writeFile(join(workspace, "repos.yaml"), "version: 1\nrepos:\n  alpha: { tags: [front] }\n  beta: {}\n");
  const env = { HOOK: secret };
  await using app = openApp({ loaded: await loadConfig({ workspace, env, set: [] }), env });
  const store = await app.store();
  const failures: unknown[] = [];
  const deliverer = await openDeliverer(app, (event) => event.kind === "failed" && failures.push(event.error));
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  for (const [id, repositories] of [["aaaaaaaaaa", ["beta"]] as const, ["bbbbbbbbbb", ["beta", "alpha"]] as const]) {
    // No plan: from this history nothing could be told.
    const events = [{ ...eventOf("run.created"), time: Date.now() }];
    await store.createRun(newRun(id, owner, { extent: { repositories, jobs: [] }, events }));
  }
  await until(() => receiver.messages.length > 0 || failures.length > 0, "a message");
  await deliverer?.stop({ drainMs: 5_000 });
  expect(failures).toEqual([]);
  expect(receiver.messages.map(({ event }) => event["subject"])).toEqual(["runs/bbbbbbbbbb"]);
});
