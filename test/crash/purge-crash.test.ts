import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PurgeOrder } from "../../src/app/purge/purge-order.ts";
import { Workspace } from "../../src/engine/engine-fixture.ts";
import { makeJob, makePlanOf, makeStep, makeSweep, makeWorkflow, planTarget } from "../../src/engine/plan-fixture.ts";
import type { AuditEntry } from "../../src/store/audit-contract.ts";
import { openStore } from "../../src/store/open-store.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(realpathSync(tmpdir()), "purge-crash-"));
const program = join(scratch, "purge-process.mjs");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What a purge is played on: the same folder each time, since git and the plan know it by its path. */
const place = join(scratch, "w");
const template = join(scratch, "template");
const day = 86_400_000;
/** A run that is kept, one that goes with a tree in which there is work, one that waits. */
let kept = "";
let gone = "";
let waiting = "";
/** Files of a run that is not in the state. */
const stranger = "0000000000";

const entry: AuditEntry = {
  time: 0,
  actor: "local:test",
  action: "runs:start",
  resource: "workflow:test",
  decision: "allowed",
  reason: "role admin",
  requestId: "q",
  from: "cli",
  before: null,
  after: null,
};

beforeAll(async () => {
  await build({
    input: join(import.meta.dirname, "purge-process.ts"),
    cwd: root,
    platform: "node",
    tsconfig: join(root, "tsconfig.json"),
    transform: { define: { __CRASH_POINTS__: "true" } },
    output: { file: program, codeSplitting: false },
    logLevel: "warn",
  });
  await using workspace = new Workspace();
  const engine = workspace.engine();
  const repository = workspace.repository("ledger");
  const workflow = makeWorkflow([
    makeJob("edit", [makeStep("write", "echo done > work.txt; exit 1")], { sweep: makeSweep(), checkout: "worktree" }),
  ]);
  const plan = makePlanOf(workflow, [planTarget("edit", "ledger")], [repository]);
  const run = async (): Promise<string> => {
    const { runId, handle } = await engine.start({ plan, actor: "local:test", reason: "a test" });
    await handle?.done;
    return runId;
  };
  gone = await run();
  kept = await run();
  await workspace.store.appendAudit({ ...entry, time: 1 });
  for (let n = 0; n < 3; n += 1) await workspace.store.appendAudit({ ...entry, time: Date.now() });
  waiting = (await engine.record({ plan, actor: "local:test", reason: "a test" })).runId;
  mkdirSync(workspace.path(".mahavishnu/runs", stranger));
  mkdirSync(workspace.path(".mahavishnu/logs"));
  writeFileSync(workspace.path(".mahavishnu/logs/2020-01-01.ndjson"), "{}\n");
  utimesSync(workspace.path(".mahavishnu/logs/2020-01-01.ndjson"), 1, 1);
  // Ages are counted from tomorrow, so that what has just ended is old.
  const order: PurgeOrder = {
    at: Date.now() + day,
    runs: { failed: { age: 3 * day, count: 1 } },
    output: { age: 3 * day, count: 100 },
    log: { age: day, bytes: 1_000_000 },
    audit: { age: 2 * day },
    expired: true,
  };
  workspace.write("order.json", JSON.stringify(order));
  // The folder moves: what names it by its path is written anew.
  cpSync(workspace.folder, template, { recursive: true, preserveTimestamps: true });
  const from = workspace.folder;
  const text = globSync("{repos/ledger/.git/worktrees/*/gitdir,.mahavishnu/worktrees/*/ledger/.git}", {
    cwd: template,
  });
  for (const file of text) {
    const path = join(template, file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, place));
  }
  const db = new DatabaseSync(join(template, ".mahavishnu/state.db"));
  db.exec("DROP TRIGGER event_keeps_text");
  db.prepare("UPDATE event SET data = replace(data, ?, ?)").run(from, place);
  db.exec(
    "CREATE TRIGGER event_keeps_text BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
  );
  db.close();
}, 60_000);

function runProcess(crashAt?: string): {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stderr: string;
} {
  const env = {
    PATH: process.env["PATH"],
    TMPDIR: process.env["TMPDIR"],
    ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }),
  };
  const { status, signal, stderr } = spawnSync(process.execPath, [program, place], { env, encoding: "utf8" });
  return { status, signal, stderr };
}

/** What is left, and what must not be. */
async function lookAround(): Promise<unknown> {
  const state = join(place, ".mahavishnu");
  await using store = openStore({ file: join(state, "state.db") });
  store.checkIntegrity();
  const rows = await store.listRuns({ limit: 100 });
  const purge = rows.find(({ workflow }) => workflow === "mahavishnu/purge");
  using db = new DatabaseSync(join(state, "state.db"), { readOnly: true });
  const { events } = db.prepare("SELECT count(*) AS events FROM event").get() as { events: number };
  for (const { id } of rows) await store.readEvents(id);
  const exported = readdirSync(join(state, "audit")).flatMap((file) =>
    readFileSync(join(state, "audit", file), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
  );
  const left = (await store.listAudit({ limit: 100 })).map(({ seq }) => seq);
  const worktrees = execFileSync("git", ["-C", join(place, "repos/ledger"), "worktree", "list", "--porcelain"], {
    encoding: "utf8",
  });
  return {
    runs: rows.map(({ id, state: is }) => (id === purge?.id ? `purge ${is}` : `${id} ${is}`)).toSorted(),
    eventsWithoutRun: events - rows.reduce((sum, { runSeq }) => sum + runSeq, 0),
    folders: readdirSync(join(state, "runs"))
      .filter((id) => id !== purge?.id)
      .toSorted(),
    trees: readdirSync(join(state, "worktrees")),
    worktrees: worktrees
      .split("\n")
      .filter((line) => line.startsWith("worktree "))
      .map((line) => basename(join(line.slice(9), "..")))
      .toSorted(),
    notes: await store.listPurged(10),
    result: (await store.lastResults()).map(({ repository }) => repository),
    logs: readdirSync(join(state, "logs")),
    auditIsValid: (await store.verifyAudit()).valid,
    auditIsWhole: [...exported, ...left].every((seq, index) => seq === index + 1),
    exported: exported.length,
    repository: existsSync(join(place, "repos/ledger/README.md")),
  };
}

async function play(crashAt: string | undefined): Promise<{ readonly kills: number; readonly found: unknown }> {
  rmSync(place, { recursive: true, force: true });
  cpSync(template, place, { recursive: true, preserveTimestamps: true });
  // A copy of a folder is young.
  utimesSync(join(place, ".mahavishnu/runs", stranger), 1, 1);
  let kills = 0;
  if (crashAt !== undefined) {
    const first = runProcess(crashAt);
    kills = first.signal === "SIGKILL" ? 1 : 0;
    if (kills === 0) throw new Error(`${crashAt} was not visited: ${first.status} ${first.stderr}`);
  }
  const last = runProcess();
  expect({ status: last.status, stderr: last.stderr }).toEqual({ status: 0, stderr: "" });
  return { kills, found: await lookAround() };
}

const points = globSync("src/app/purge/*.ts", { cwd: root })
  .flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/crashPoint\("([^"]+)"\)/g)].map(([, name]) => name ?? ""),
  )
  .toSorted();

describe("a purge that is killed", () => {
  const whole = (): unknown => ({
    runs: [`${kept} failed`, `${waiting} queued`, "purge succeeded"].toSorted(),
    eventsWithoutRun: 0,
    folders: [kept],
    trees: [kept],
    worktrees: ["repos", kept].toSorted(),
    notes: [],
    result: ["ledger"],
    logs: [],
    auditIsValid: true,
    auditIsWhole: true,
    exported: 1,
    repository: true,
  });

  it("has nothing to be killed for, and forgets what it should and nothing else", async () => {
    expect(gone).not.toBe(kept);
    expect((await play(undefined)).found).toEqual(whole());
  });

  it.each(points)("at %s is gone on with by the next, which sweeps what was left", async (point) => {
    expect(points).toHaveLength(7);
    expect(await play(`${point}:1`)).toEqual({ kills: 1, found: whole() });
  });

  it.each([3, 9, 14])("at the %ith commit is gone on with too", async (n) => {
    expect(await play(`store.beforeCommit:${n}`)).toEqual({ kills: 1, found: whole() });
  });
});
