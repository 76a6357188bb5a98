import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { deferChildProcess, rewriteBuiltinImports } from "./light-builtins.ts";

describe("rewriteBuiltinImports", () => {
  it.each([
    ['import fs from "node:fs";', 'const fs = globalThis.process.getBuiltinModule("node:fs");'],
    ['import * as os from "node:os";', 'const os = globalThis.process.getBuiltinModule("node:os");'],
    [
      'import { join as a, sep } from "node:path";',
      'const { "join": a, "sep": sep } = globalThis.process.getBuiltinModule("node:path");',
    ],
    [
      'import { default as a, join } from "node:path";',
      'const a = globalThis.process.getBuiltinModule("node:path");const { "join": join } = globalThis.process.getBuiltinModule("node:path");',
    ],
    ['import process from "node:process";', "const process = globalThis.process;"],
    [
      'import { randomBytes as a, constants } from "node:crypto";',
      'const a = (...words) => globalThis.process.getBuiltinModule("node:crypto").randomBytes(...words);const { "constants": constants } = globalThis.process.getBuiltinModule("node:crypto");',
    ],
    ['import "node:path";', ""],
    ['import a from "./chunks/a.js";', 'import a from "./chunks/a.js";'],
    ["console.log('import fs from \"node:fs\"')", "console.log('import fs from \"node:fs\"')"],
  ])("%s", (code, expected) => {
    expect(rewriteBuiltinImports(code)).toBe(expected);
  });

  it("keeps what stands around the imports, and the result works", async () => {
    const code = 'const before = 1;import { join } from "node:path";export const result = join("a", String(before));';
    const rewritten = rewriteBuiltinImports(code);
    const module = (await import(`data:text/javascript,${encodeURIComponent(rewritten)}`)) as { result: string };
    expect(module.result).toBe("a/1");
  });
});

describe("deferChildProcess", () => {
  it("finds its line in the parser that is installed", async () => {
    const source = await readFile(new URL("../../node_modules/commander/lib/command.js", import.meta.url), "utf8");
    expect(deferChildProcess(source)).not.toContain("from 'node:child_process'");
  });

  it("refuses a parser that has changed", () => {
    expect(() => deferChildProcess("import { spawn } from 'node:child_process';")).toThrow("no longer has the line");
  });
});
