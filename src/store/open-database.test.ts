import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import { migrations } from "./migrations.ts";
import { openStore } from "./open-store.ts";
import { livingOwner, newRun, startStoreProcess, withFolder } from "./store-fixture.ts";

/** The code with which opening is refused, or `opened`. */
async function tryOpen(file: string): Promise<string> {
  try {
    await openStore({ file })[Symbol.asyncDispose]();
    return "opened";
  } catch (error) {
    return error instanceof MahavishnuError ? error.code : `not ours: ${String(error)}`;
  }
}

/** Like `tryOpen`, and tells when the file or its log is not as before. */
async function refusalOf(file: string): Promise<string> {
  const paths = [file, `${file}-wal`].filter((path) => existsSync(path));
  const before = paths.map((path) => readFileSync(path));
  const code = await tryOpen(file);
  const isSame = paths.every((path, index) => existsSync(path) && readFileSync(path).equals(before[index] as Buffer));
  return isSame ? code : `${code}, but the file has changed`;
}

/** A closed database with some runs in it. */
async function makeState(folder: string, runs = 40): Promise<string> {
  const file = join(folder, "state.db");
  await using store = openStore({ file });
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  await Promise.all(Array.from({ length: runs }, (_, n) => store.createRun(newRun(`run${n}`, owner))));
  return file;
}

/** A database whose last writer was killed: all that it wrote is still in the log. */
async function makeKilledState(folder: string): Promise<string> {
  const file = join(folder, "state.db");
  await makeState(folder);
  await using other = await startStoreProcess(file);
  await other.call("heartbeat", other.owner, Date.now() + 60_000);
  await other.call("createRun", newRun("late", other.owner));
  return file;
}

describe("openStore", () => {
  it("makes a new store, and finds in it later what was written", () =>
    withFolder(async (folder) => {
      const file = await makeState(join(folder, "deep/er"), 2);
      await using store = openStore({ file });
      expect((await store.listRuns({ limit: 9 })).map((row) => row.id)).toEqual(["run1", "run0"]);
    }));

  it("keeps the workspace's id", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      const ids: string[] = [];
      for (let n = 0; n < 2; n += 1) {
        await using store = openStore({ file });
        ids.push(store.workspaceId);
      }
      expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(ids[1]).toBe(ids[0]);
    }));

  it("goes on after a writer was killed", () =>
    withFolder(async (folder) => {
      const file = await makeKilledState(folder);
      await using store = openStore({ file });
      expect(await store.getRun("late")).not.toBeNull();
    }));

  it("is made once when several processes open it for the first time together", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      const script = join(folder, "open.mjs");
      const store = join(import.meta.dirname, "open-store.ts");
      writeFileSync(
        script,
        `import { openStore } from ${JSON.stringify(store)};
         const store = openStore({ file: ${JSON.stringify(file)} });
         process.send(store.workspaceId);
         await store[Symbol.asyncDispose]();`,
      );
      const ids = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const child = fork(script, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
          const exit = once(child, "exit");
          const [id] = (await Promise.race([
            once(child, "message"),
            exit.then(() => ["ended without a word"]),
          ])) as unknown[];
          await exit;
          return id;
        }),
      );
      expect(new Set(ids).size).toBe(1);
      expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    }));
});

describe("openStore refuses and leaves as it is", () => {
  it("a file with a damaged header", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder);
      const bytes = readFileSync(file);
      bytes.write("SQLite format 9", 0, "latin1");
      writeFileSync(file, bytes);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
    }));

  it("a file that is shorter than a header", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      writeFileSync(file, "SQLite format 3\0");
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
    }));

  it("a file with a damaged page", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder);
      const bytes = readFileSync(file);
      for (let page = 1; page * 4096 < bytes.length; page += 1) bytes.fill(0x5a, page * 4096, page * 4096 + 2000);
      writeFileSync(file, bytes);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
    }));

  it("a file with a damaged page whose writer was killed", () =>
    withFolder(async (folder) => {
      const file = await makeKilledState(folder);
      const bytes = readFileSync(file);
      for (let page = 1; page * 4096 < bytes.length; page += 1) bytes.fill(0x5a, page * 4096, page * 4096 + 2000);
      writeFileSync(file, bytes);
      expect(existsSync(`${file}-wal`)).toBe(true);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
    }));

  it("a truncated file", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder);
      for (const keep of [4096 * 3, 5000, 100]) {
        truncateSync(file, keep);
        expect(await refusalOf(file)).toBe("STATE_DAMAGED");
      }
    }));

  it("an emptied or missing file beside the files of runs", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder);
      mkdirSync(join(folder, "runs/k3v9"), { recursive: true });
      truncateSync(file, 0);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
      rmSync(file);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
      expect(existsSync(file)).toBe(false);
    }));

  it("a log without its file", () =>
    withFolder(async (folder) => {
      const file = await makeKilledState(folder);
      rmSync(file);
      expect(await refusalOf(file)).toBe("STATE_DAMAGED");
      expect(existsSync(file)).toBe(false);
    }));

  it("a database of a newer version, also while that is only in the log", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder);
      const db = new DatabaseSync(file);
      db.exec(`PRAGMA user_version=${migrations.length + 1}`);
      const copy = join(folder, "copy.db");
      copyFileSync(file, copy);
      copyFileSync(`${file}-wal`, `${copy}-wal`);
      expect(await refusalOf(copy)).toBe("STATE_NEWER");
      db.close();
      expect(await refusalOf(file)).toBe("STATE_NEWER");
    }));

  it("a database of another program", () =>
    withFolder(async (folder) => {
      const marked = join(folder, "marked.db");
      const plain = join(folder, "plain.db");
      const logged = join(folder, "logged.db");
      for (const [file, text] of [
        [marked, "PRAGMA application_id=77; CREATE TABLE t(a)"],
        [plain, "CREATE TABLE t(a); PRAGMA user_version=1"],
      ] as const) {
        const db = new DatabaseSync(file);
        db.exec(text);
        db.close();
        expect(await refusalOf(file)).toBe("STATE_FOREIGN");
      }
      const db = new DatabaseSync(plain);
      db.exec("PRAGMA journal_mode=WAL; INSERT INTO t VALUES(1)");
      copyFileSync(plain, logged);
      copyFileSync(`${plain}-wal`, `${logged}-wal`);
      db.close();
      expect(await refusalOf(logged)).toBe("STATE_FOREIGN");
    }));

  it("whatever bytes a file is overwritten with: it is ours and sound, or refused with a code", () =>
    withFolder(async (folder) => {
      const file = await makeState(folder, 5);
      const sound = readFileSync(file);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(sound.length - 1), fc.uint8Array({ minLength: 1, maxLength: 64 })), {
            minLength: 1,
            maxLength: 4,
          }),
          async (writes) => {
            const bytes = Buffer.from(sound);
            for (const [at, text] of writes) bytes.set(text.slice(0, bytes.length - at), at);
            writeFileSync(file, bytes);
            expect(await refusalOf(file)).toMatch(/^opened(?:$|,)|^STATE_(?:DAMAGED|FOREIGN|NEWER|UNREADABLE)$/);
            for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
          },
        ),
        { numRuns: Math.ceil(Number(process.env["FUZZ_RUNS"] ?? 100) / 2) },
      );
    }));

  it("what is no file", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      mkdirSync(file);
      expect(await tryOpen(file)).toBe("STATE_UNREADABLE");
      writeFileSync(join(folder, "text"), "");
      expect(await tryOpen(join(folder, "text/state.db"))).toBe("STATE_UNREADABLE");
    }));

  it("a folder that cannot be written", () =>
    withFolder((folder) => {
      const state = join(folder, "state");
      mkdirSync(state);
      // Root may write anywhere, so the opening is done as another user where the tests run as root.
      const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      if (other.uid !== undefined) {
        chownSync(state, other.uid, other.gid);
        for (const above of [process.env["TMPDIR_OF_RUN"], process.env["TMPDIR"], folder])
          chmodSync(above ?? folder, 0o711);
      }
      const store = join(import.meta.dirname, "open-store.ts");
      const script = `
        const { openStore } = await import(${JSON.stringify(store)}).catch(() => ({}));
        try { openStore?.({ file: "state.db" }); console.log(openStore ? "opened" : "unproved"); }
        catch (error) { console.log(error.code); }`;
      const open = (mode: number): string => {
        chmodSync(state, mode);
        const args = ["--input-type=module", "-e", script];
        const { stdout, error } = spawnSync(process.execPath, args, { ...other, encoding: "utf8", cwd: state });
        return error === undefined ? stdout.trim() : "unproved";
      };
      const answers = [open(0o500), open(0o700)];
      const unproved = answers.includes("unproved");
      if (unproved) process.emitWarning("not proved: the other user cannot read this checkout");
      expect(answers).toEqual(unproved ? ["unproved", "unproved"] : ["STATE_UNREADABLE", "opened"]);
    }));
});
