import { describe, expect, it } from "vitest";
import { decideColour, type ColourFacts } from "./global-options.ts";

describe("decideColour", () => {
  it.each<[string, ColourFacts, boolean]>([
    ["a terminal", { mode: "auto", env: { TERM: "xterm" }, isTTY: true }, true],
    ["a pipe", { mode: "auto", env: { TERM: "xterm" }, isTTY: false }, false],
    ["a dumb terminal", { mode: "auto", env: { TERM: "dumb" }, isTTY: true }, false],
    ["NO_COLOR", { mode: "auto", env: { NO_COLOR: "1" }, isTTY: true }, false],
    ["an empty NO_COLOR", { mode: "auto", env: { NO_COLOR: "" }, isTTY: true }, true],
    ["FORCE_COLOR in a pipe", { mode: "auto", env: { FORCE_COLOR: "1" }, isTTY: false }, true],
    ["FORCE_COLOR=0", { mode: "auto", env: { FORCE_COLOR: "0" }, isTTY: true }, false],
    ["NO_COLOR over FORCE_COLOR", { mode: "auto", env: { NO_COLOR: "1", FORCE_COLOR: "1" }, isTTY: true }, false],
    ["always over NO_COLOR", { mode: "always", env: { NO_COLOR: "1" }, isTTY: false }, true],
    ["never over FORCE_COLOR", { mode: "never", env: { FORCE_COLOR: "1" }, isTTY: true }, false],
  ])("with %s", (_what, facts, expected) => {
    expect(decideColour(facts)).toBe(expected);
  });
});
