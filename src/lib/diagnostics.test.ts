import { describe, expect, it } from "vitest";
import { diagnosticAt, renderDiagnostic } from "./diagnostics.ts";

describe("diagnosticAt", () => {
  it.each([
    ['a: { url: "https://ann:hunter2@host/x", role: nope }', 'a: { url: "https://***********@host/x", role: nope }'],
    ["a: { url: HTTP://ghp_token@host/x, role: nope }", "a: { url: HTTP://*********@host/x, role: nope }"],
    [
      "a: { url: ext::https://ann:hunt@er2@host/x, role: nope }",
      "a: { url: ext::https://************@host/x, role: nope }",
    ],
    ["a: { url: ssh://git:hunter2@host:22/x, role: nope }", "a: { url: ssh://git:*******@host:22/x, role: nope }"],
    ["a: { url: ssh://git@host:22/x@y, role: nope }", "a: { url: ssh://git@host:22/x@y, role: nope }"],
    ["a: { url: https://host:22/x@y, role: nope }", "a: { url: https://host:22/x@y, role: nope }"],
    ["a: { url: git@host:x, role: nope }", "a: { url: git@host:x, role: nope }"],
  ])("shows no password of a URL: %s", (line, shown) => {
    const start = line.indexOf("nope");
    const diagnostic = diagnosticAt(
      "repos.yaml",
      `version: 1\n${line}\n`,
      { start: 11 + start, end: 15 + start },
      "unknown",
    );
    expect(diagnostic).toMatchObject({ line: 2, column: start + 1, length: 4, sourceLine: shown });
    expect(renderDiagnostic(diagnostic).split("\n").at(-1)?.indexOf("^^^^")).toBe("      | ".length + start);
  });

  it("shows none in what a parser quotes either", () => {
    const text = "https://ann:hunter2@host/x";
    expect(diagnosticAt("f", text, { start: 0, end: 1 }, `unexpected "${text}"`).message).toBe(
      'unexpected "https://***********@host/x"',
    );
  });
});
