import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogLine, readLogLines } from "./read-log-lines.ts";

let stateFolder: string;
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), "log-"));
  mkdirSync(join(stateFolder, "logs"));
});
afterEach(() => {
  rmSync(stateFolder, { recursive: true, force: true });
});

function put(day: string, text: string | Buffer): void {
  writeFileSync(join(stateFolder, `logs/${day}.ndjson`), text);
}

const line = (time: string, message: string, fields: object = {}): string =>
  `${JSON.stringify({ level: "info", time, message, ...fields })}\n`;

const messages = (items: readonly LogLine[]): string[] => items.map(({ message }) => message);

describe("readLogLines", () => {
  it("reads the newest first, page by page, over days, and what came after", async () => {
    put("2026-11-22", line("2026-11-22T10:00:00.000Z", "a") + line("2026-11-22T11:00:00.000Z", "b"));
    put("2026-11-23", line("2026-11-23T10:00:00.000Z", "c") + line("2026-11-23T11:00:00.000Z", "d"));
    const first = await readLogLines(stateFolder, { limit: 3 });
    expect(messages(first.items)).toEqual(["d", "c", "b"]);
    const second = await readLogLines(stateFolder, { limit: 3, cursor: first.nextCursor ?? "" });
    expect([messages(second.items), second.nextCursor]).toEqual([["a"], null]);
    const after = first.items[1]?.cursor ?? "";
    expect(messages((await readLogLines(stateFolder, { limit: 9, after })).items)).toEqual(["d"]);
    const between = { since: "2026-11-22T11:00:00.000Z", until: "2026-11-23T10:30:00.000Z" };
    expect(messages((await readLogLines(stateFolder, { limit: 9, ...between })).items)).toEqual(["c", "b"]);
  });

  it("picks by run, repository and level", async () => {
    const time = "2026-11-22T10:00:00.000Z";
    const of = (runId: string, repository: string): object => ({ runId, repository });
    put(
      "2026-11-22",
      line(time, "a", of("r1", "alpha")) + line(time, "b", { ...of("r1", "beta"), level: "error" }) + line(time, "c"),
    );
    const pick = async (choice: object): Promise<string[]> =>
      messages((await readLogLines(stateFolder, { limit: 9, ...choice })).items);
    expect(await pick({ runId: "r1" })).toEqual(["b", "a"]);
    expect(await pick({ repository: "alpha" })).toEqual(["a"]);
    expect(await pick({ level: "warn" })).toEqual(["b"]);
  });

  it("has nothing where nothing was logged", async () => {
    rmSync(join(stateFolder, "logs"), { recursive: true });
    expect(await readLogLines(stateFolder, { limit: 9 })).toEqual({ items: [], nextCursor: null, damaged: 0 });
  });

  it("finds every good line among whatever else is there, in pages of any size", async () => {
    const time = "2026-11-22T10:00:00.000Z";
    const noise = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes.map((byte) => byte | 0x80))),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.alloc(70_000, "x")),
    );
    const good = fc.string({ unit: "binary", maxLength: 300 }).map((text) => ({ message: text.toWellFormed() }));
    const many = { numRuns: Number(process.env["FUZZ_RUNS"] ?? 50) };
    const lines = fc.array(fc.oneof(good, noise), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 7 }), async (all, limit) => {
        const bytes = all.map((each) =>
          Buffer.isBuffer(each) ? Buffer.concat([each, Buffer.from("\n")]) : Buffer.from(line(time, each.message)),
        );
        put("2026-11-22", Buffer.concat(bytes));
        const found: string[] = [];
        let damaged = 0;
        for (let cursor: string | null | undefined; cursor !== null;) {
          const page = await readLogLines(stateFolder, { limit, ...(cursor === undefined ? {} : { cursor }) });
          found.push(...messages(page.items));
          damaged += page.damaged;
          cursor = page.nextCursor;
        }
        const expected = all.flatMap((each) => (Buffer.isBuffer(each) ? [] : [each.message]));
        expect(found).toEqual(expected.toReversed());
        expect(damaged).toBe(all.length - expected.length);
      }),
      many,
    );
  });
});
