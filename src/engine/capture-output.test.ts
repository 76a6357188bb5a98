import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OutputCapture } from "./capture-output.ts";
import { createMask } from "../lib/mask-secrets.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "capture-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = "j/once/s.1.log";
const make = (limit = 1_000, secrets: readonly string[] = []): OutputCapture =>
  new OutputCapture({ runFolder: folder, file, limit, mask: createMask(secrets) });
const statOf = (descriptor: number): Stats | undefined => {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
};
const kept = (): string => readFileSync(join(folder, file), "utf8");

describe("OutputCapture", () => {
  it("keeps what is printed, its size and digest, and the last line", () => {
    const capture = make();
    capture.write(Buffer.from("one\ntw"));
    capture.write(Buffer.from("o\n\n"));
    const sha256 = createHash("sha256").update("one\ntwo\n\n").digest("hex");
    expect(capture.end()).toEqual({
      record: { file, bytes: 9, sha256, truncated: false },
      lastLine: "two",
      problem: null,
    });
    expect(kept()).toBe("one\ntwo\n\n");
  });

  it("makes no file where nothing is printed", () => {
    expect(make().end()).toEqual({ record: null, lastLine: null, problem: null });
    expect(existsSync(join(folder, file))).toBe(false);
  });

  it("drops what is over the limit, says how much, and still knows the last line", () => {
    const capture = make(10);
    for (let n = 0; n < 10; n += 1) capture.write(Buffer.from(`line ${n}\n`));
    expect(capture.end()).toMatchObject({ record: { truncated: true }, lastLine: "line 9" });
    expect(kept()).toBe("line 0\nlin\n[60 more bytes were dropped: limits.maxOutputBytes is 10]\n");
  });

  it("masks secrets over chunk borders, in the file and in the last line", () => {
    const capture = make(1_000, ["hunter2"]);
    for (const chunk of ["password hun", "ter", "2!"]) capture.write(Buffer.from(chunk));
    expect(capture.end().lastLine).toBe("password ***!");
    expect(kept()).toBe("password ***!");
  });

  it("begins notes on a line of their own", () => {
    const capture = make();
    capture.note("first");
    capture.write(Buffer.from("half a line"));
    capture.note("[ended]");
    capture.end();
    expect(kept()).toBe("first\nhalf a line\n[ended]\n");
  });

  it("can be followed while it grows", async () => {
    const capture = make();
    capture.write(Buffer.from("so far"));
    await expect.poll(() => existsSync(join(folder, file)) && kept()).toBe("so far");
    capture.end();
  });

  it("takes colours, progress and control characters out of the last line", () => {
    const capture = make();
    capture.write(Buffer.from("\u001B[31mfailed\u001B[0m\n10%\r20%\r100%\u0007\u009B\n"));
    expect(capture.end().lastLine).toBe("100%");
  });

  it("drops what comes after the end, and can be ended twice", () => {
    const capture = make();
    capture.write(Buffer.from("in time\n"));
    const first = capture.end();
    capture.write(Buffer.from("late\n"));
    capture.note("later");
    expect(capture.end()).toEqual(first);
    expect(kept()).toBe("in time\n");
  });

  it("does not fail when the output cannot be kept, and says so at the end", () => {
    mkdirSync(join(folder, "j"), { recursive: true });
    writeFileSync(join(folder, "j/once"), "in the way");
    const capture = make(1 << 20);
    for (let n = 0; n < 3; n += 1) capture.write(Buffer.alloc(100_000, "x"));
    expect(capture.end()).toMatchObject({ record: null, problem: expect.stringContaining("ENOTDIR") as string });
  });

  it("does not fail when the file cannot be closed, which is where some disks tell that they are full", () => {
    const capture = make(1 << 20);
    capture.write(Buffer.alloc(100_000, "x"));
    // Closed by somebody else, it cannot be closed again.
    const { ino, dev } = statSync(join(folder, file));
    const isOurs = (descriptor: number): boolean => {
      const found = statOf(descriptor);
      return found?.ino === ino && found.dev === dev;
    };
    closeSync(Array.from({ length: 4_096 }, (_, index) => index).find(isOurs) ?? -1);
    expect(capture.end()).toMatchObject({
      record: { bytes: 100_000 },
      problem: expect.stringContaining("EBADF") as string,
    });
  });
});
