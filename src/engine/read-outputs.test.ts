import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseOutputs, readOutputs } from "./read-outputs.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

describe("parseOutputs", () => {
  it.each([
    ["a=1\nb=two words\n", { a: "1", b: "two words" }],
    ["a=1\r\n\r\nb=\r\n", { a: "1", b: "" }],
    ["a=1\na=2", { a: "2" }],
    ["url=https://x.test/?q=1", { url: "https://x.test/?q=1" }],
    ["a=one\rtwo\u2028three", { a: "one\rtwo\u2028three" }],
    ["with-dash_9= spaces ", { "with-dash_9": " spaces " }],
    ["", {}],
  ])("reads %j", (text, outputs) => {
    expect(parseOutputs(text)).toEqual(outputs);
  });

  it.each([
    ["a=1\nsome text", 'line 2: expected name=value, got "some text"'],
    ["=1", "line 1"],
    ["1a=1", "line 1"],
    [" a=1", "line 1"],
    ["a b=1", "line 1"],
  ])("refuses %j and names the line", (text, message) => {
    expect(() => parseOutputs(text)).toThrow(message);
  });

  it("takes names that objects have as names like any other", () => {
    const outputs = parseOutputs("__proto__=1\nconstructor=2\ntoString=3");
    expect(Object.entries(outputs)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
    ]);
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });

  it("gives back whatever was written as lines, and refuses everything else with a message", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/);
    const value = fc.string({ unit: "binary" }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const read = parseOutputs(pairs.map(([key, text]) => `${key}=${text}\n`).join(""));
        expect(Object.entries(read)).toEqual([...new Map(pairs)]);
      }),
      { numRuns },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        let told = "read";
        try {
          for (const each of Object.values(parseOutputs(text))) told = text.includes(each) ? told : "made up";
        } catch (error) {
          told = String(error);
        }
        expect(told).toMatch(/^read$|line \d+: expected name=value/);
      }),
      { numRuns },
    );
  });
});

describe("readOutputs", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "outputs-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("reads the file and removes it", () => {
    const file = join(folder, "out");
    writeFileSync(file, "ü=no\na=1");
    expect(() => readOutputs(file)).toThrow("line 1");
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "a=ü");
    expect(readOutputs(file)).toEqual({ a: "ü" });
    expect(readOutputs(file)).toEqual({});
  });

  it("refuses a file that is too large", () => {
    const file = join(folder, "out");
    writeFileSync(file, `a=${"x".repeat(1024 * 1024)}`);
    expect(() => readOutputs(file)).toThrow("larger than 1048576 bytes");
  });

  it("neither waits for a pipe, nor takes a folder for a file, nor follows a loop of links", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    mkdirSync(join(folder, "folder"));
    symlinkSync(join(folder, "loop"), join(folder, "loop"));
    expect(() => readOutputs(pipe)).toThrow("no file");
    expect(() => readOutputs(join(folder, "folder"))).toThrow("no file");
    expect(readOutputs(join(folder, "loop"))).toEqual({});
  });
});
