import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { giveToAnother, runAsAnother } from "../../test/support/as-another-user.ts";
import { expectStatePlace, judgeFile, judgeFolder } from "./judge-place.ts";
import { openStore } from "./open-store.ts";
import { withFolder } from "./store-fixture.ts";

describe("judgeFolder", () => {
  it("takes what is there and what can be made, and makes nothing", () =>
    withFolder((folder) => {
      expect(judgeFolder(folder)).toBeUndefined();
      expect(judgeFolder(join(folder, "a/b/c"))).toBeUndefined();
      expect(readdirSync(folder)).toEqual([]);
    }));

  it("names what stands in the way, wherever on the path", () =>
    withFolder((folder) => {
      const file = join(folder, "file");
      writeFileSync(file, "");
      symlinkSync(join(folder, "nowhere"), join(folder, "link"));
      const isFile = { message: `${file} is a file, and must be a folder`, fix: `Move ${file} aside.` };
      expect(judgeFolder(file)).toEqual(isFile);
      expect(judgeFolder(join(file, "a/b"))).toEqual(isFile);
      expect(judgeFolder(join(folder, "link/a"))?.message).toBe(`${folder}/link is a link that leads to nothing`);
    }));

  it("names every file system here that is read-only", () => {
    const mounts = existsSync("/proc/mounts") ? readFileSync("/proc/mounts", "utf8").split("\n") : [];
    const places = mounts.map((line) => line.split(" ")).filter(([, , , flags]) => flags?.split(",")[0] === "ro");
    const folders = places.flatMap(([, path = ""]) =>
      statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? [path] : [],
    );
    if (folders.length === 0) process.emitWarning("not proved: nothing is mounted read-only here");
    expect(folders.filter((path) => judgeFolder(path) === undefined)).toEqual([]);
  });
});

describe("judgeFile", () => {
  it("takes a file and nothing at all, and refuses a folder", () =>
    withFolder((folder) => {
      writeFileSync(join(folder, "file"), "");
      expect(judgeFile(join(folder, "file"))).toBeUndefined();
      expect(judgeFile(join(folder, "none"))).toBeUndefined();
      expect(judgeFile(folder)?.message).toBe(`${folder} is a folder, and the state database must be a file`);
      expect(judgeFile(folder)?.fix).toContain("state.url");
    }));
});

/** What opening is refused with by a user for whom modes mean something, `opened`, or `not proved`. */
function openAsAnother(file: string): string {
  const answer = runAsAnother(`
    const { openStore } = await import(${JSON.stringify(join(import.meta.dirname, "open-store.ts"))});
    try {
      await openStore({ file: ${JSON.stringify(file)} })[Symbol.asyncDispose]();
      console.log("opened");
    } catch ({ code, message, fix }) {
      console.log([code, message.split(",")[0], fix].join(": "));
    }`);
  return answer ?? "not proved";
}

describe("expectStatePlace", () => {
  it("refuses a database that may not be written, and leaves nothing beside it that would outlast the repair", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      await openStore({ file })[Symbol.asyncDispose]();
      giveToAnother(folder);
      chmodSync(file, 0o400);
      const refusal = `STATE_UNREADABLE: ${file} (mode 0400: chmod u+rw ${file}`;
      expect(openAsAnother(file)).toBeOneOf([refusal, "not proved"]);
      expect(readdirSync(folder)).toEqual(["state.db"]);
      chmodSync(file, 0o600);
      expect(openAsAnother(file)).toBeOneOf(["opened", "not proved"]);
    }));

  it.each(["-wal", "-shm"])("names the %s file when that is at fault", (end) =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      await openStore({ file })[Symbol.asyncDispose]();
      writeFileSync(file + end, "");
      giveToAnother(folder);
      chmodSync(file + end, 0o400);
      const refusal = `STATE_UNREADABLE: ${file}${end} (mode 0400: chmod u+rw ${file}${end}`;
      expect(openAsAnother(file)).toBeOneOf([refusal, "not proved"]);
    }),
  );

  it("names the folder where the companions of the database cannot be made", () =>
    withFolder(async (folder) => {
      const state = join(folder, "state");
      await openStore({ file: join(state, "state.db") })[Symbol.asyncDispose]();
      giveToAnother(folder);
      chmodSync(state, 0o500);
      const refused = openAsAnother(join(state, "state.db"));
      chmodSync(state, 0o700);
      expect(refused).toBeOneOf([`STATE_UNREADABLE: ${state} (mode 0500: chmod u+rwx ${state}`, "not proved"]);
    }));

  it("says in plain words that a folder stands in the place of the database", () =>
    withFolder((folder) => {
      mkdirSync(join(folder, "state.db"));
      expect(() => expectStatePlace(join(folder, "state.db"))).toThrow(/state\.db is a folder, and /);
    }));

  it("tells a text, which state.url names by mistake, from a damaged database", () =>
    withFolder((folder) => {
      const file = join(folder, "mahavishnu.yaml");
      const text = "version: 1\n# ä text\n";
      writeFileSync(file, text);
      expect(() => openStore({ file })).toThrow(
        expect.objectContaining({ code: "STATE_FOREIGN", fix: expect.stringContaining("state.url") as string }),
      );
      expect(readFileSync(file, "utf8")).toBe(text);
      writeFileSync(file, Buffer.from([1, 2, 3, 4]));
      expect(() => openStore({ file })).toThrow(expect.objectContaining({ code: "STATE_DAMAGED" }));
    }));
});
