import { describe, expect, it } from "vitest";
import { runCaptured } from "../../test/support/capture-cli.ts";
import { MahavishnuError, UserFileError } from "../lib/errors.ts";
import { reportError } from "./report-error.ts";

const place = { line: 14, column: 13, length: 6, message: 'unknown role "servce"', sourceLine: "    role:   servce" };

describe("reportError", () => {
  it("tells a failure with its fix, its code and the exit code of the catalogue", () => {
    const report = reportError(new MahavishnuError("WORKSPACE_NOT_FOUND", "no workspace in /x"), false);
    expect(report.text).toMatch(/^mahavishnu: no workspace in \/x\n  fix: .+ {2}\[WORKSPACE_NOT_FOUND\]\n$/);
    expect(report.exitCode).toBe(64);
    expect(report.document.error).toMatchObject({ code: "WORKSPACE_NOT_FOUND", diagnostics: [] });
  });

  it("shows each wrong place of a file, with 1", () => {
    const report = reportError(new UserFileError([{ file: "repos.yaml", ...place }]), false);
    expect(report.text).toContain('repos.yaml:14:13  unknown role "servce"\n   14 |     role:   servce\n');
    expect(report.exitCode).toBe(1);
    expect(report.document.error.diagnostics).toHaveLength(1);
  });

  it("takes a wrong text of a flag as an argument, with 64", () => {
    const report = reportError(new UserFileError([{ file: "--select", ...place }]), false);
    expect(report.document.error.code).toBe("USAGE");
    expect(report.exitCode).toBe(64);
  });

  it("tells everything else as an internal error, with 70 and its stack when asked", () => {
    const cause = new Error("the disk is gone");
    const report = reportError(new TypeError("x is undefined", { cause }), false);
    expect(report.text).toMatch(/^mahavishnu: internal error: x is undefined\n  fix: .+ {2}\[INTERNAL\]\n$/);
    expect(report.exitCode).toBe(70);
    const stacks = reportError(new TypeError("x is undefined", { cause }), true).text;
    expect(stacks).toContain("TypeError: x is undefined\n    at ");
    expect(stacks).toContain("caused by Error: the disk is gone\n    at ");
  });

  it("shows no stack of a failure that was foreseen, but that of its cause", () => {
    const foreseen = new MahavishnuError("USAGE", "no", { cause: new Error("because") });
    expect(reportError(foreseen, true).text).toContain("caused by Error: because\n");
    expect(reportError(foreseen, true).text).not.toContain("MahavishnuError");
  });

  it("tells even what is no error", () => {
    expect(reportError("a text", false).text).toContain("internal error: a text");
    expect(reportError(undefined, true).exitCode).toBe(70);
  });

  it("lets nothing act on the terminal", () => {
    const report = reportError(new MahavishnuError("USAGE", "unknown \u001B[2J\nand\ta line"), false);
    expect(report.text).toContain("mahavishnu: unknown \\x1b[2J\nand  a line\n");
  });

  it.each([
    [
      "--set",
      "auth.secret:hunter2",
      "option '--set <KEY=VALUE>' argument 'auth.secret...' is invalid. It must be KEY=VALUE.",
    ],
    ["--set", "auth.secret hunter2'\nand more", "'auth.secret...' is invalid."],
    ["--set", "hunter2", "option '--set <KEY=VALUE>' argument is invalid. It must be KEY=VALUE."],
    ["--set", "=hunter2", "option '--set <KEY=VALUE>' argument is invalid."],
    ["--set", ":hunter2", "option '--set <KEY=VALUE>' argument is invalid."],
    ["--sett=auth.secret=hunter2", undefined, "unknown option '--sett=...'"],
    ["auth.secret=hunter2", undefined, "too many arguments for 'show'. Expected 0 arguments but got 1."],
    ["other", undefined, "but got 1: other."],
  ])("says nothing of a value that the parser does not understand: %s %s", async (word, value, told) => {
    for (const more of [[], ["-v"], ["-o", "json"]]) {
      const words = value === undefined ? [word] : [word, value];
      const { exitCode, stdout, stderr } = await runCaptured(["config", "show", ...words, ...more]);
      expect(exitCode).toBe(64);
      expect(stdout + stderr).toContain(told);
      expect(stdout + stderr).not.toContain("hunter2");
    }
  });
});
