import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCommand } from "./find-command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "find-"));
  for (const name of ["bin", "bin/folder"]) mkdirSync(join(folder, name));
  for (const name of ["tool", "bin/other", "bin/text"]) writeFileSync(join(folder, name), "");
  for (const name of ["tool", "bin/other"]) chmodSync(join(folder, name), 0o755);
  chmodSync(join(folder, "bin/text"), 0o644);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("hasCommand", () => {
  it.each([
    ["other", "/nowhere:bin", true],
    ["./tool", "", true],
    ["bin/other", "", true],
    ["tool", "", true],
    ["tool", "bin", false],
    ["text", "bin", false],
    ["folder", "bin", false],
    ["./bin", "bin", false],
    ["nothing", "bin", false],
  ])("%s in PATH=%s: %s", (name, path, found) => {
    expect(hasCommand(name, { folder, path })).toBe(found);
  });
});
