import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openStore, type SqliteStore } from "./open-store.ts";
import { livingOwner, withStore } from "./store-fixture.ts";

const write = async (store: SqliteStore): Promise<void> => await store.heartbeat(livingOwner(), Date.now() + 60_000);
const parts = (file: string): readonly string[] => [file, `${file}-wal`, `${file}-shm`];

function move(from: string, to: string): void {
  for (const [index, path] of parts(from).entries()) renameSync(path, parts(to)[index] ?? "");
}

describe("a store whose files are changed under it", () => {
  it("writes nothing while they are moved away, and goes on when they are back", () =>
    withStore(async (store, file) => {
      await store.probe();
      move(file, `${file}.away`);
      await expect(store.probe()).rejects.toMatchObject({
        code: "STATE_UNREADABLE",
        message: `${file} was moved away or removed while it is open`,
      });
      await expect(write(store)).rejects.toMatchObject({ code: "STATE_UNREADABLE" });
      move(`${file}.away`, file);
      await store.probe();
      await write(store);
    }));

  it("writes nothing while another database stands in their place", () =>
    withStore(async (store, file) => {
      move(file, `${file}.away`);
      {
        await using other = openStore({ file });
        await other.probe();
        await expect(write(store)).rejects.toMatchObject({
          code: "STATE_UNREADABLE",
          message: `another file was put in the place of ${file} while it is open`,
        });
      }
      for (const path of parts(file)) rmSync(path, { force: true });
      move(`${file}.away`, file);
      await store.probe();
    }));

  it("writes nothing when only its log was taken away", () =>
    withStore(async (store, file) => {
      renameSync(`${file}-wal`, `${file}-wal.away`);
      await expect(store.probe()).rejects.toThrow(`${file}-wal was moved away`);
      writeFileSync(`${file}-wal`, "");
      await expect(store.probe()).rejects.toThrow(`in the place of ${file}-wal`);
      renameSync(`${file}-wal.away`, `${file}-wal`);
      await store.probe();
    }));

  it("keeps its files although another process opens and closes the same ones", () =>
    withStore(async (store, file) => {
      const script = `
        import { openStore } from ${JSON.stringify(import.meta.resolve("./open-store.ts"))};
        const store = openStore({ file: process.argv[1] });
        await store.probe();
        await store[Symbol.asyncDispose]();`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, file], { stdio: "inherit" });
      expect(await once(child, "exit")).toEqual([0, null]);
      await store.probe();
      await write(store);
    }));
});
