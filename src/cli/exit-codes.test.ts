import { describe, expect, it } from "vitest";
import { describeExitCodes, exitCodeMeanings, exitCodes } from "./exit-codes.ts";

describe("exit codes", () => {
  it("are those of the formats", () => {
    expect(Object.values(exitCodes)).toEqual([0, 1, 2, 64, 70, 130, 143]);
  });

  it("each have a meaning", () => {
    expect(Object.keys(exitCodeMeanings).map(Number)).toEqual(Object.values(exitCodes));
  });

  it("are listed without 2 for a command that never ends with it", () => {
    expect(describeExitCodes({ 1: "no such run" })).toEqual([
      "Exit codes:",
      "  0    success",
      "  1    no such run",
      "  64   wrong flag or argument, or no workspace",
      "  70   the tool itself failed",
      "  130  ended by Ctrl-C",
      "  143  ended by TERM or HUP",
    ]);
  });

  it("are listed with 2 for a command that says what it means", () => {
    expect(describeExitCodes({ 2: "some failed" })).toContain("  2    some failed");
  });
});
