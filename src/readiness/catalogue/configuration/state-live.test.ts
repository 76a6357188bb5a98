import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import { openStore } from "../../../store/open-store.ts";
import type { Outcome } from "../../types.ts";
import { cfg013 } from "./cfg013-state-folder.ts";
import { cfg014 } from "./cfg014-state-store.ts";
import { tryStateFolders } from "./try-state-folders.ts";
import { tryStore } from "./try-store.ts";

let stage: Stage;
let state: string;
beforeEach(async () => {
  stage = await openStage("auth: { enabled: false }\n");
  state = join(stage.workspace, ".mahavishnu");
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

describe("CFG013", () => {
  const judge = async (): Promise<Outcome> => await tryStateFolders(stage.context());

  it("is green where files can be kept, and leaves nothing behind", async () => {
    expect(await judge()).toMatchObject({ status: "pass" });
    expect(await readdir(stage.workspace)).toEqual(["mahavishnu.yaml"]);
    await mkdir(state);
    await writeFile(join(state, "theirs"), "");
    expect(await judge()).toMatchObject({ status: "pass" });
    expect(await readdir(state)).toEqual(["theirs"]);
  });

  it("removes what a killed check has left, and nothing of one that lives", async () => {
    await mkdir(state);
    // The highest pid that Linux can give is 2^22, so nobody has the first.
    for (const name of [".readiness-4194305-0123abcd", `.readiness-${process.ppid}-0123abcd`, ".readiness-x"])
      await writeFile(join(state, name), "");
    await judge();
    expect((await readdir(state)).toSorted()).toEqual(
      [`.readiness-${process.ppid}-0123abcd`, ".readiness-x"].toSorted(),
    );
  });

  it("is red when the folder is none", async () => {
    await writeFile(state, "");
    expect(await judge()).toMatchObject({ status: "fail" });
  });

  it.each(["runs", "worktrees"])("is red when %s is a file, also when it is only read", async (name) => {
    await mkdir(state);
    await writeFile(join(state, name), "");
    expect(await judge()).toMatchObject({ status: "fail" });
    const read = await cfg013.static?.(stage.context(), null);
    expect(read).toMatchObject({ status: "fail", reason: `${join(state, name)} is a file, and must be a folder` });
    await rm(join(state, name));
    expect(await cfg013.static?.(stage.context(), null)).toMatchObject({ status: "pass" });
  });

  it("is red when the database's folder is another, and is none", async () => {
    const other = await openStage('auth: { enabled: false }\nstate: { url: "sqlite:data/state.db" }\n', { data: "" });
    try {
      expect(await tryStateFolders(other.context())).toMatchObject({ status: "fail" });
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it("is red when there is too little room for the output of all steps", async () => {
    const greedy = await openStage(
      "auth: { enabled: false }\nlimits: { maxConcurrentSteps: 100000, maxOutputBytes: 64GiB }\n",
    );
    try {
      const outcome = await tryStateFolders(greedy.context());
      expect(outcome).toMatchObject({ status: "fail", observed: expect.stringMatching(/iB$/) as string });
      expect(outcome.reason).toContain("too little free space");
    } finally {
      await greedy[Symbol.asyncDispose]();
    }
  });
});

describe("CFG014", () => {
  const judge = async (patience?: number): Promise<Outcome> => await tryStore(stage.context(), patience);
  const file = (): string => join(state, "state.db");
  const makeStore = async (): Promise<void> => {
    await openStore({ file: file() })[Symbol.asyncDispose]();
  };
  const change = (sql: string): Promise<void> =>
    new Promise((resolve) => {
      const database = new DatabaseSync(file());
      database.exec(sql);
      database.close();
      resolve();
    });

  it("is green on a sound database, and changes no byte of it", async () => {
    await makeStore();
    const before = createHash("sha256")
      .update(await readFile(file()))
      .digest("hex");
    expect(await judge()).toMatchObject({ status: "pass" });
    expect(
      createHash("sha256")
        .update(await readFile(file()))
        .digest("hex"),
    ).toBe(before);
    expect(await readdir(state)).toEqual(["state.db"]);
  });

  it("is red when it is only read, where every command would refuse the database; it leaves no trace", async () => {
    const read = async (): Promise<Outcome | undefined> => await cfg014.static?.(stage.context(), null);
    expect(await read()).toMatchObject({ status: "pass", reason: "there is no database yet" });
    expect(await readdir(stage.workspace)).toEqual(["mahavishnu.yaml"]);
    await makeStore();
    expect(await read()).toMatchObject({ status: "pass", reason: "the database is whole" });
    await using store = openStore({ file: file() });
    const entry = {
      time: 1,
      actor: "local:ann",
      action: "runs:start",
      resource: "x",
      requestId: "1",
      reason: "test",
      from: "cli",
      before: null,
      after: null,
    };
    await store.appendAudit({ ...entry, decision: "allowed" });
    expect(await read(), "while it is written to").toMatchObject({ status: "pass" });
    await store[Symbol.asyncDispose]();
    expect(await readdir(state)).toEqual(["state.db"]);
    for (const damage of [8_192, 0]) {
      const handle = await open(file(), "r+");
      await handle.write(Buffer.alloc(4_096, 0x5a), 0, 4_096, damage);
      await handle.close();
      const damaged = await readFile(file());
      expect(await read()).toMatchObject({
        status: "fail",
        reason: expect.stringMatching(/is damaged|is no state database/) as string,
      });
      expect(await readFile(file())).toEqual(damaged);
      expect(await readdir(state)).toEqual(["state.db"]);
    }
  });

  it("is green while a run writes, and sees its data untouched", async () => {
    await makeStore();
    await using store = openStore({ file: file() });
    const entry = {
      time: 1,
      actor: "local:ann",
      action: "runs:start",
      resource: "x",
      requestId: "1",
      reason: "test",
      from: "cli",
      before: null,
      after: null,
    };
    await store.appendAudit({ ...entry, decision: "allowed" });
    expect(await judge()).toMatchObject({ status: "pass" });
    expect(await store.listAudit({ limit: 10 })).toHaveLength(1);
  });

  it("tries a new database where there is none, and leaves nothing behind", async () => {
    const outcome = await judge();
    expect(outcome).toMatchObject({ status: "pass" });
    expect(outcome.reason).toContain("no database yet");
    expect(await readdir(stage.workspace)).toEqual(["mahavishnu.yaml"]);
  });

  it.each([
    ["cut short", async () => await truncate(file(), 9_000)],
    [
      "emptied beside the files of runs",
      async () => await Promise.all([truncate(file(), 0), mkdir(join(state, "runs/x"), { recursive: true })]),
    ],
    [
      "damaged inside",
      async () => {
        const handle = await open(file(), "r+");
        await handle.write(Buffer.alloc(8_192, 0x5a), 0, 8_192, 8_192);
        await handle.close();
      },
    ],
    ["of another program", async () => await change("PRAGMA application_id=7")],
    ["newer", async () => await change("PRAGMA user_version=99")],
    ["without a write-ahead log", async () => await change("PRAGMA journal_mode=DELETE")],
    [
      "a folder",
      async () => {
        await rm(file());
        await mkdir(file());
      },
    ],
  ])("is red when the database is %s", async (what, damage) => {
    await makeStore();
    await damage();
    const outcome = await judge();
    expect(outcome.status, JSON.stringify(outcome)).toBe("fail");
    // The next command turns it on again; what only reads has nothing to object to.
    if (what === "without a write-ahead log") return;
    expect(await cfg014.static?.(stage.context(), null)).toMatchObject({ status: "fail", reason: outcome.reason });
  });

  it("is red when another process keeps it locked", async () => {
    await makeStore();
    const holder = new DatabaseSync(file());
    holder.exec("BEGIN IMMEDIATE");
    const outcome = await judge(100);
    holder.close();
    expect(outcome).toMatchObject({
      status: "fail",
      reason: "another process has kept the database locked for 100 ms",
    });
  });

  it("warns of an older schema, which the next command brings forward", async () => {
    await makeStore();
    await change("PRAGMA user_version=0");
    expect(await judge()).toMatchObject({ status: "warn" });
  });
});
