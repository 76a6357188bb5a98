import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { parseYamlFile } from "../lib/yaml-file.ts";
import { compileSelector, type SelectorContext } from "./compile-selector.ts";
import { diagnoseYamlSelector } from "./diagnose-yaml-selector.ts";
import { manifestTerms } from "./terms.ts";

function problemOf(text: string, context: SelectorContext): string {
  try {
    compileSelector(text, "--select", context);
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
  throw new Error(`compiled: ${text}`);
}

const named = (entries: Record<string, string>): SelectorContext => ({ named: new Map(Object.entries(entries)) });

describe("compileSelector", () => {
  it("resolves names that use names", () => {
    const { names } = compileSelector(
      "@a && dirty",
      "--select",
      named({ a: "@b || @c", b: "@c", c: "tag:x", d: "@d" }),
    );
    expect([...names.keys()].toSorted()).toEqual(["a", "b", "c"]);
  });

  it("prints a circle of names", () => {
    const message = problemOf("dirty || @x", named({ x: "@a", a: "@b && dirty", b: "!@c", c: "@a" }));
    expect(message).toContain("--select:1:10  named selectors form a circle: @a -> @b -> @c -> @a");
    expect(problemOf("@me", named({ me: "@me" }))).toContain("@me -> @me");
  });

  it("names unknown names, directly and inside others", () => {
    expect(problemOf("@tsServics", named({ tsServices: "dirty" }))).toContain(
      'unknown selector "@tsServics"\n    1 | @tsServics\n      | ^^^^^^^^^^ did you mean "tsServices"?',
    );
    expect(problemOf("@a", named({ a: "@bb", bbb: "dirty" }))).toContain('unknown selector "@bb" (in @a)');
    expect(problemOf("@a", {})).toContain("no selectors are named");
    expect(problemOf("@__proto__", named({ a: "dirty" }))).toContain('unknown selector "@__proto__"');
  });

  it("says which name holds a text that is not valid", () => {
    expect(problemOf("@a", named({ a: "dirty &&" }))).toContain(
      'selector "@a" is not valid: a term is missing at the end',
    );
    expect(problemOf("@a", { ...named({ a: "role:x" }), roles: ["y"] })).toContain(
      'in selector "@a": unknown role "x"',
    );
  });

  it("knows roles and repositories when they are given", () => {
    const context = { roles: ["service", "library"], repositories: ["auth-lib", "gateway"] };
    expect(problemOf("role:servce", context)).toContain('--select:1:6  unknown role "servce"');
    expect(problemOf("needs:auth-lob || dependents:gatway", context)).toMatch(
      /1:7 {2}unknown repository "auth-lob"[^]*1:30 {2}unknown repository "gatway"[^]*did you mean "gateway"/,
    );
    expect(compileSelector("role:servce && needs:nobody", "--select").names.size).toBe(0);
  });

  it("does not list a thousand names", () => {
    const repositories = Array.from({ length: 1_000 }, (_, index) => `repo-${index}`);
    const message = problemOf("needs:completely-else", { repositories });
    expect(message).toContain("`mahavishnu repos list` shows the names");
    expect(message.length).toBeLessThan(300);
  });

  it("refuses a term whose facts are not at hand, also behind a name", () => {
    const context = { ...named({ web: "role:web && dirty" }), allowed: manifestTerms };
    expect(problemOf("dirty", context)).toContain(
      '"dirty" cannot be used here: what git knows of the repositories is not at hand',
    );
    expect(problemOf("last:failed", context)).toContain("the history of runs is not at hand");
    expect(problemOf("has:x", context)).toContain("the files of the repositories are not at hand");
    expect(problemOf("@web", context)).toContain('in selector "@web": "dirty" cannot be used here');
    expect(compileSelector("name:a && tag:b && role:c && needs:d && path:e", "--select", context).names.size).toBe(0);
  });

  it("ends a chain of names that is too long, however it is reached", () => {
    const entries = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`n${i}`, i === 199 ? "dirty" : `@n${i + 1}`]),
    );
    expect(problemOf("@n0", named(entries))).toContain("more than 32 deep");
    const inPieces = ["n180", "n160", "n140", "n120"].map((name) => `@${name}`).join(" || ");
    expect(problemOf(inPieces, named(entries))).toContain("more than 32 deep");
    expect(compileSelector("@n170", "--select", named(entries)).names.size).toBe(30);
  });

  it("compiles names that double themselves in linear time", () => {
    const entries = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`n${i}`, i === 29 ? "tag:x" : `@n${i + 1} && @n${i + 1} || !@n${i + 1}`]),
    );
    expect(compileSelector("@n0", "--select", named(entries)).names.size).toBe(30);
  });
});

describe("diagnoseYamlSelector", () => {
  const yaml = parseYamlFile(
    "repos.yaml",
    [
      "selectors:",
      "  plain: role:a && tgg:x",
      '  quoted: "tgg:x"',
      String.raw`  escaped: "role:\u0061 && tgg:x"`,
      "  folded: >-",
      "    dirty &&",
      "    tgg:x",
      "  list: [1]",
    ].join("\n"),
  );
  it.each([
    ["plain", 2, 20, 3],
    ["quoted", 3, 12, 3],
    ["escaped", 4, 12, 22],
  ])("finds the place in a %s text", (key, line, column, length) => {
    expect(diagnoseYamlSelector(yaml, ["selectors", key])).toEqual([
      expect.objectContaining({
        file: "repos.yaml",
        line,
        column,
        length,
        message: 'unknown term "tgg:"',
        hint: 'did you mean "tag"?',
      }),
    ]);
  });

  it("shows the whole value when the text is folded, and what is no text at all", () => {
    expect(diagnoseYamlSelector(yaml, ["selectors", "folded"])).toEqual([
      expect.objectContaining({ line: 5, message: 'unknown term "tgg:"' }),
    ]);
    expect(diagnoseYamlSelector(yaml, ["selectors", "list"])).toEqual([
      expect.objectContaining({ line: 8, message: "a selector is expected here" }),
    ]);
  });
});
