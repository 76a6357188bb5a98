import { writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callServer, followServer, type OperationId } from "../../src/client/call-server.ts";
import type { Inputs, Outputs } from "../../src/client/generated/api.ts";
import { errorCatalogue } from "../../src/lib/error-catalogue.ts";
import { type ApiWorld, startApiWorld } from "../support/api-world.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(async () => await world[Symbol.asyncDispose]());

async function call<Id extends OperationId>(id: Id, input: Inputs[Id]): Promise<Outputs[Id]> {
  return await callServer(world.connection, id, input);
}

/** Starts a run of a workflow, and gives its id. */
async function start(workflow: string, inputs: Record<string, string> = {}): Promise<string> {
  return (await call("startRun", { workflow, inputs })).runId;
}

describe("each operation, asked by the typed client", () => {
  it("starts, shows, lists and follows runs", async () => {
    const { runId, created } = await call("startRun", { workflow: "hello", inputs: { who: "you" } });
    expect(created).toBe(true);
    expect(await world.finish(runId)).toMatchObject({
      id: runId,
      state: "succeeded",
      workflow: "hello",
      actor: "user:root",
    });
    expect((await call("listRuns", { workflow: "hello" })).items.map(({ id }) => id)).toContain(runId);
    const { items } = await call("readRunEvents", { id: runId });
    expect(items.map(({ runSeq }) => runSeq)).toEqual(items.map((_event, n) => n + 1));
    expect((await call("readRunLogs", { id: runId })).items.map(({ text }) => text).join("")).toBe("hello you\n");
    const followed = await Array.fromAsync(followServer(world.connection, "followRun", { id: runId }));
    expect(followed.flatMap(({ event, data }) => (event === "event" ? [data] : []))).toEqual(items);
    expect(followed.at(-1)).toMatchObject({ event: "run", data: { state: "succeeded" } });
    const logs = await Array.fromAsync(followServer(world.connection, "followRunLogs", { id: runId }));
    expect(logs.map(({ data }) => (data as { text: string }).text).join("")).toBe("hello you\n");
  });

  it("runs an ad hoc command where it is wanted", async () => {
    const { runId } = await call("execCommand", { command: ["git", "status", "--short"], select: "name:alpha" });
    expect((await world.finish(runId)).targets).toMatchObject([{ repository: "alpha", state: "succeeded" }]);
  });

  it("cancels, resumes and retries", async () => {
    const going = await start("waits", { file: "/nowhere/at/all" });
    expect(await call("cancelRun", { id: going, reason: "enough", atOnce: true })).toEqual({ runId: going });
    expect(await world.finish(going)).toMatchObject({ state: "cancelled" });
    await expect(call("resumeRun", { id: going })).rejects.toMatchObject({ code: "RUN_STATE" });
    const failed = await start("fails");
    expect(await world.finish(failed)).toMatchObject({ state: "failed" });
    expect(await call("retryRun", { id: failed })).toEqual({ runId: failed });
    await expect.poll(async () => (await call("showRun", { id: failed })).targets[0]?.round).toBe(2);
    await world.finish(failed);
    expect(await call("listInterruptedRuns", {})).toEqual({ items: [] });
  });

  it("says what a purge would forget, and forgets it", async () => {
    const old = await start("hello");
    await world.finish(old);
    const wish = { states: ["succeeded", "failed", "cancelled"], olderThanMs: 0 } as const;
    const preview = await call("previewPurge", wish);
    expect(preview.runs.succeeded).toBeGreaterThan(0);
    const { runId, created } = await call("startPurge", { ...wish });
    expect(created).toBe(true);
    const purge = await world.finish(runId);
    expect(purge).toMatchObject({ workflow: "mahavishnu/purge", state: "succeeded", actor: "user:root" });
    const outputs: Readonly<Record<string, string>> = purge.targets[0]?.steps[0]?.outputs ?? {};
    // What alerts have not seen yet stays; test/ and src/app/purge show that the rest goes.
    const judged = Number(outputs["runs"]) + Number(outputs["kept"]);
    expect(judged).toBeGreaterThanOrEqual(preview.runs.succeeded);
    expect((await call("listRuns", {})).items.map(({ id }) => id)).toContain(runId);
  });

  it("tells of alerts and objectives, keeps a rule silent for a while, and tries who is told", async () => {
    const { items } = await call("listAlerts", {});
    expect(items).toMatchObject([{ name: "left", about: expect.any(String) as string, notify: ["log"] }]);
    const silence = await call("silenceAlert", { rule: "left", forMs: 60_000, reason: "it moves" });
    expect(silence).toMatchObject({ rule: "left", createdBy: "user:root", reason: "it moves" });
    expect((await call("listSilences", {})).items).toEqual([silence]);
    await call("endSilence", { id: silence.id });
    expect((await call("listSilences", {})).items).toEqual([]);
    expect((await call("testAlert", { rule: "left" })).items).toEqual([
      { channel: "log", taken: true, status: null, error: null },
    ]);
    const logs = join(world.proxied.server.workspace, ".mahavishnu/logs");
    await mkdir(logs, { recursive: true });
    const line = {
      level: "warn",
      time: "2020-02-02T10:00:00.000Z",
      message: "a target has ended",
      repository: "alpha",
    };
    await writeFile(join(logs, "2020-02-02.ndjson"), `${JSON.stringify(line)}\n`);
    const { repository, message, level, time } = line;
    expect(await call("readServiceLog", { limit: 5, repository, until: "2020-02-03T00:00:00Z" })).toEqual({
      items: [{ cursor: "2020-02-02:0", time, level, message, fields: { repository } }],
      nextCursor: null,
      damaged: 0,
    });
    expect((await call("listObjectives", {})).items).toMatchObject([{ name: "all", kind: "availability" }]);
  });

  it("makes a backup while it is at work, lists it and reads it again", async () => {
    const { backup } = await call("createBackup", {});
    const made = (await call("listBackups", {})).items;
    expect(made).toMatchObject([{ id: backup?.id, state: "good", bytes: backup?.bytes, scheduled: false }]);
    const { bytes: _bytes, ...summary } = backup ?? { bytes: 0 };
    expect(await call("verifyBackup", { backup: "latest" })).toEqual(summary);
    await expect(call("verifyBackup", { backup: "00000000" })).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  });

  it("shows the fleet, the workflows and what a run would do", async () => {
    const list = await call("listRepositories", {});
    expect(list.items.map(({ name }) => name)).toEqual(["alpha", "beta"]);
    expect((await call("listRepositories", { filter: "tag:front" })).items).toHaveLength(1);
    expect((await call("checkFleetRepositories", {})).counts.total).toBe(2);
    expect((await call("scanRepositories", { folder: "." })).known).toEqual(["alpha", "beta"]);
    expect((await call("listWorkflows", {})).items.map(({ name }) => name)).toEqual([
      "fails",
      "hello",
      "survey",
      "waits",
    ]);
    expect(await call("showWorkflow", { name: "survey" })).toMatchObject({ name: "survey", jobs: [{ id: "look" }] });
    expect(await call("validateWorkflows", {})).toMatchObject({ valid: true });
    const wrong = await call("validateWorkflows", { files: [{ file: "w.yaml", text: "version: 1\n" }] });
    expect(wrong).toMatchObject({ valid: false, files: [{ file: "w.yaml", valid: false }] });
    const plan = await call("planRun", { workflow: "survey", select: "tag:back" });
    expect(plan.targets.map(({ key }) => key)).toEqual(["look/beta"]);
  });

  it("shows the configuration and the adapters", async () => {
    const { items } = await call("readConfig", {});
    expect(items.find(({ path }) => path === "auth.enabled")).toMatchObject({ value: true });
    expect(JSON.stringify(items)).not.toContain("a secret for tests");
    expect(await call("validateConfig", {})).toMatchObject({ valid: true });
    const [adapter] = (await call("listAdapters", {})).items;
    expect(adapter).toMatchObject({ enabled: true });
    expect((await call("checkAdapterHealth", { deadlineMs: 60_000 })).items).toMatchObject([{ state: "up" }]);
  });

  it("tells who may do what, and makes and revokes tokens", async () => {
    expect(await call("whoAmI", {})).toMatchObject({ subject: "user:root", isOwner: false });
    expect((await call("showAccess", {})).bindings).toContainEqual(
      expect.objectContaining({ subject: "user:vera", role: "viewer" }),
    );
    const can = { subject: "user:vera", action: "runs:start", groups: ["group:a", "group:b"] } as const;
    expect(await call("explainAccess", can)).toMatchObject({ allowed: false });
    expect(await call("explainAccess", { ...can, groups: ["group:a,b"] })).toMatchObject({ allowed: false });
    const { token, item } = await call("createToken", { subject: "service:ci", role: "viewer", ttlMs: 60_000 });
    const asService = { ...world.connection, token };
    expect(await callServer(asService, "whoAmI", {})).toMatchObject({ subject: "service:ci", tokenId: item.id });
    expect((await call("listTokens", { subject: "service:ci" })).items).toHaveLength(1);
    expect(await call("revokeToken", { id: item.id })).toEqual({ revoked: [item.id], sessions: 0 });
    const answer = await fetch(`${world.proxied.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(401);
    expect((await call("rotateKeys", {})).keys.length).toBeGreaterThan(1);
  });

  it("shows the audit trail, whole and exported", async () => {
    const { items } = await call("listAudit", { limit: 5 });
    expect(items).toHaveLength(5);
    expect(await call("verifyAudit", {})).toMatchObject({ valid: true, firstProblem: null });
    expect((await call("exportAudit", { format: "csv", limit: 2 })).entries).toBe(2);
  });
});

describe("each operation about webhooks and readiness", () => {
  it("takes a signed message, tells others of the run, and sends once more", async () => {
    const body = JSON.stringify({ who: "hook" });
    const at = new Date();
    const headers = {
      "content-type": "application/json",
      "webhook-id": "msg-1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(world.hookSecret).sign("msg-1", at, body),
    };
    const send = async () => await fetch(`${world.proxied.url}/v1/webhooks/deploy`, { method: "POST", headers, body });
    const taken = await send();
    const { runId } = (await taken.json()) as { runId: string };
    expect([taken.status, taken.headers.get("location")]).toEqual([202, `/v1/runs/${runId}`]);
    expect(await world.finish(runId)).toMatchObject({ state: "succeeded", actor: "service:webhook-deploy" });
    // Once is enough: whoever sends it again has only listened.
    expect((await send()).status).toBe(401);
    expect((await call("listWebhooks", {})).items.map(({ name }) => name)).toEqual(["deploy", "chat"]);
    const ofRun = async () =>
      (await call("listWebhookDeliveries", { webhook: "chat", limit: 1_000 })).items.find(
        (each) => each.runId === runId,
      );
    await expect.poll(ofRun).toMatchObject({ state: "delivered", type: "dev.mahavishnu.run.finished", status: 204 });
    const id = (await ofRun())?.id ?? "";
    expect(await call("redeliverWebhook", { id })).toMatchObject({ id });
    expect(await call("testWebhook", { name: "chat" })).toMatchObject({ webhook: "chat", state: "delivered" });
  });

  it("starts, follows, shows and ends readiness suites", async () => {
    expect((await call("planSuite", { command: "check-config" })).items.length).toBeGreaterThan(5);
    const { id } = await call("startSuite", { command: "check-config", only: ["CFG*"] });
    const followed = await Array.fromAsync(followServer(world.connection, "followSuite", { id }));
    expect(followed.at(-1)).toMatchObject({ event: "suite", data: { id, state: "ended" } });
    expect(await call("showSuite", { id })).toMatchObject({ id, report: { command: "check-config" } });
    const { id: second } = await call("startSuite", { command: "run-integration-tests" });
    expect(await call("cancelSuite", { id: second })).toMatchObject({ id: second });
    await expect
      .poll(async () => (await call("showSuite", { id: second })).state, { timeout: 30_000 })
      .not.toBe("running");
    expect((await call("listSuites", {})).items.map((each) => each.id)).toEqual([second, id]);
    const [item] = (await call("planSuite", { command: "check-config" })).items;
    expect(await call("explainCheck", { id: item?.id ?? "" })).toMatchObject({ id: item?.id });
  });
});

describe("what every answer of the API promises", () => {
  it("names the request, in the header and in a failure", async () => {
    const answer = await world.ask("/v1/runs/nosuchrun");
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(problem["instance"]).toBe(`urn:uuid:${answer.headers.get("x-request-id")}`);
    expect(problem).toMatchObject({ type: "urn:mahavishnu:error:RUN_NOT_FOUND", status: 404, code: "RUN_NOT_FOUND" });
    expect(errorCatalogue).toHaveProperty("RUN_NOT_FOUND");
    const [first, second] = await Promise.all([world.ask("/v1/whoami"), world.ask("/v1/whoami")]);
    expect(first.headers.get("x-request-id")).not.toBe(second.headers.get("x-request-id"));
  });

  it("is a refusal to who may see a part of the fleet and asks for all of it, and shows the part to who asks for that", async () => {
    const connection = { ...world.connection, token: await world.proxied.token("user:front") };
    expect((await callServer(connection, "listRepositories", {})).items.map(({ name }) => name)).toEqual(["alpha"]);
    for (const id of ["scanRepositories", "listAudit", "listTokens"] as const) {
      const asked = callServer(connection, id, { folder: "." });
      await expect(asked).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    }
  });

  it("begins with 202 and says where to look", async () => {
    const answer = await world.ask("/v1/runs", { method: "POST", body: { workflow: "hello" } });
    const { runId } = (await answer.json()) as { runId: string };
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`/v1/runs/${runId}`);
    expect((await world.ask(answer.headers.get("location") ?? "")).status).toBe(200);
    await world.finish(runId);
  });

  it("says 304 to who has it already, and answers whole when it has changed", async () => {
    const first = await world.ask("/v1/workflows/hello");
    const tag = first.headers.get("etag") ?? "";
    await first.arrayBuffer();
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = await world.ask("/v1/workflows/hello", { headers: { "if-none-match": `"other", ${tag}` } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
    const list = (await world.ask("/v1/runs?limit=1")).headers.get("etag") ?? "";
    await world.finish(await start("hello"));
    expect((await world.ask("/v1/runs?limit=1", { headers: { "if-none-match": list } })).status).toBe(200);
  });

  it("refuses with 412 who decides by what is not so any more", async () => {
    const file = join(world.proxied.server.workspace, "go");
    const id = await start("waits", { file });
    const seen = (await world.ask(`/v1/runs/${id}`)).headers.get("etag") ?? "";
    writeFileSync(file, "");
    await world.finish(id);
    const retry = async (tag: string) =>
      await world.ask(`/v1/runs/${id}/cancel`, { method: "POST", headers: { "if-match": tag } });
    const late = await retry(seen);
    expect([late.status, await late.json()]).toMatchObject([412, { code: "PRECONDITION_FAILED" }]);
    const now = (await world.ask(`/v1/runs/${id}`)).headers.get("etag") ?? "";
    for (const tag of [now, "*"]) {
      const answer = await retry(tag);
      expect([answer.status, await answer.json()]).toMatchObject([409, { code: "RUN_STATE" }]);
    }
  });

  it("begins one run for one Idempotency-Key, also for callers at the same moment", async () => {
    const begin = async (body: object = { workflow: "hello", inputs: { who: "one" } }): Promise<Response> =>
      await world.ask("/v1/runs", { method: "POST", body, headers: { "idempotency-key": "deploy-7" } });
    const answers = await Promise.all([begin(), begin(), begin()]);
    const told = await Promise.all(
      answers.map(async (each) => (await each.json()) as { runId: string; created: boolean }),
    );
    expect(new Set(told.map(({ runId }) => runId)).size).toBe(1);
    expect(told.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map((each) => each.headers.get("location"))).size).toBe(1);
    const other = await begin({ workflow: "survey" });
    expect([other.status, await other.json()]).toMatchObject([409, { code: "KEY_TAKEN" }]);
    await world.finish(told[0]?.runId ?? "");
  });

  it("refuses an Idempotency-Key that belongs to another command", async () => {
    const begin = async (...command: string[]): Promise<Response> =>
      await world.ask("/v1/commands", {
        method: "POST",
        body: { command, select: "name:alpha" },
        headers: { "idempotency-key": "command-7" },
      });
    const { runId } = (await (await begin("git", "--version")).json()) as { runId: string };
    expect(await (await begin("git", "--version")).json()).toMatchObject({ runId, created: false });
    const other = await begin("git", "status");
    expect([other.status, await other.json()]).toMatchObject([
      409,
      { code: "KEY_TAKEN", detail: expect.stringContaining(`${runId}, which has another command`) as string },
    ]);
    await world.finish(runId);
  });

  it("pages through runs without losing or repeating one while new ones come", async () => {
    const known: string[] = [];
    for (let n = 0; n < 50; n += 1) known.push(await start("hello", { who: String(n) }));
    const seen: string[] = [];
    const late: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await call("listRuns", { limit: 7, workflow: "hello", ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      late.push(await start("hello", { who: "late" }));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(known.filter((id) => !seen.includes(id))).toEqual([]);
    expect(seen.filter((id) => late.includes(id))).toEqual([]);
    for (const id of [...known, ...late]) await world.finish(id);
  });

  it("is a refusal of a query where the document has none", async () => {
    const { directUrl } = world.proxied.server;
    for (const [path, method] of [
      ["/openapi.json?x=1", "GET"],
      ["/v1/webhooks/deploy?x=1", "POST"],
      ["/livez?x=1", "GET"],
    ] as const) {
      const answer = await fetch(directUrl + path, { method });
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 400, { code: "USAGE" }]);
    }
  });

  it("is a problem as the document has it also where a request reaches no operation", async () => {
    const { server, document, checker } = world.proxied;
    const bearer = { authorization: `Bearer ${world.token}` };
    const answers = [
      await fetch(`${server.directUrl}/v1/runs`),
      await fetch(`${server.directUrl}/v1/nothing`, { headers: bearer }),
      await fetch(`${server.directUrl}/v1/runs`, { method: "PUT", headers: bearer }),
      await fetch(`${server.directUrl}/v1/runs/%zz`, { headers: bearer }),
      await fetch(`${server.directUrl}/v1/runs/${"x".repeat(300)}`, { headers: bearer }),
      await fetch(`${server.directUrl}/v1/runs`, { method: "POST", headers: bearer, body: "workflow=hello" }),
      await fetch(`${server.directUrl}/v1/runs`, {
        method: "POST",
        headers: { ...bearer, "content-type": "application/json" },
        body: "{",
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 405, 400, 400, 415, 400]);
    for (const answer of answers) {
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      const problem = (await answer.json()) as { status: number };
      expect(checker.problemOf(document.components.schemas.Problem, problem)).toBe("");
      expect(problem.status).toBe(answer.status);
    }
    expect(answers[0]?.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(answers[2]?.headers.get("allow")).toBe("GET, HEAD, POST");
  });
});

describe("the proxy", () => {
  it("refuses what the document does not allow, and says so", async () => {
    const wrong = await world.ask("/v1/runs?limit=0");
    expect(wrong.status).toBe(422);
    await world.ask("/v1/runs?unheard=of");
    await world.ask("/v1/nothing");
    await world.ask("/v1/runs", { method: "POST", body: { workflow: 7 } });
    const violations = world.proxied.takeViolations();
    expect(violations.map((each) => each.split(" ", 2).join(" "))).toEqual([
      "GET /v1/runs?limit=0",
      "GET /v1/runs?unheard=of:",
      "GET /v1/nothing",
      "POST /v1/runs",
    ]);
  });

  it("compares with the document that the server tells, and has seen every operation of it succeed", async () => {
    const told = await world.ask("/openapi.json");
    expect(await told.json()).toEqual(world.proxied.document);
    for (const path of ["/livez", "/readyz?verbose", "/startupz?verbose=true", "/metrics"]) {
      expect((await world.ask(path)).status).toBe(200);
    }
    const names = world.proxied.operations.map(({ id }) => id);
    // The dispatcher of a server is faster than anybody who would ask for it: nothing is left that could be resumed.
    expect(names.filter((id) => !world.proxied.succeeded.has(id))).toEqual(["resumeRun"]);
  });
});
