import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import type { SelectorNode } from "./ast.ts";
import { compileSelector, tryCompileSelector } from "./compile-selector.ts";
import { type Answer, evaluateSelector, matchesSelector, type SelectorSubject } from "./evaluate-selector.ts";
import { parseSelector, tryParseSelector } from "./parse-selector.ts";
import { printSelector } from "./print-selector.ts";
import { renderSelectorReference } from "./reference.ts";
import { lastStates, termNames, terms } from "./terms.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

const gateway: SelectorSubject = {
  name: "gateway",
  path: "edge/gateway",
  role: "service",
  tags: ["lang/ts", "team/edge"],
  needs: ["auth-lib"],
  dependsOn: (name) => name === "auth-lib" || name === "base",
  hasFile: (file) => file === "package.json",
  git: { dirty: true, ahead: 2, behind: 0 },
  changedSince: (ref) => ref === "origin/main",
  last: "failed",
};

const test = (text: string, subject: SelectorSubject): Answer =>
  evaluateSelector(compileSelector(text, "--select"), subject);

describe("evaluateSelector", () => {
  it.each([
    ["name:gateway", true],
    ["name:gate*", true],
    ["name:Gateway", false],
    ["path:edge/*", true],
    ["path:edge", false],
    ["path:**/gateway", true],
    ["role:service", true],
    ["role:serv", false],
    ["tag:lang", true],
    ["tag:lang/ts", true],
    ["tag:lang/t", false],
    ["tag:la", false],
    ["needs:auth-lib", true],
    ["needs:base", false],
    ["dependents:base", true],
    ["dependents:gateway", false],
    ["has:package.json", true],
    ["has:go.mod", false],
    ["dirty", true],
    ["ahead", true],
    ["behind", false],
    ["changed:origin/main", true],
    ["changed:v1", false],
    ["last:failed", true],
    ["last:succeeded", false],
    ["dirty && behind", false],
    ["dirty && !behind", true],
    ["behind || ahead", true],
    ["!(behind || ahead)", false],
  ])("%s is %s", (text, expected) => {
    expect(test(text, gateway)).toBe(expected);
  });

  it("decides without facts when the rest settles it, and else says what is missing", () => {
    const bare: SelectorSubject = { name: "a", role: "library", tags: [], needs: [] };
    expect(test("dirty && role:service", bare)).toBe(false);
    expect(test("dirty || role:library", bare)).toBe(true);
    expect(test("(role:service && changed:x) || role:library", bare)).toBe(true);
    const open = test("(role:service && changed:x) || (role:library && (dirty || last:failed))", bare);
    expect([...(open as ReadonlySet<{ term: string }>)].map(({ term }) => term)).toEqual(["dirty", "last"]);
    expect(() => matchesSelector(compileSelector("dirty", "x"), bare)).toThrow("needs facts that were not read: dirty");
  });

  it("evaluates names that double themselves once each", () => {
    const named = new Map(
      Array.from({ length: 31 }, (_, i) => [`n${i}`, i === 30 ? "dirty" : `@n${i + 1} && (@n${i + 1} || !@n${i + 1})`]),
    );
    const selector = compileSelector("@n0", "--select", { named });
    expect(evaluateSelector(selector, gateway)).toBe(true);
    expect((evaluateSelector(selector, { name: "a", tags: [], needs: [] }) as ReadonlySet<unknown>).size).toBe(1);
  });
});

/** Any printable value that a term takes. */
const anyValue = (kind: (typeof terms)[keyof typeof terms]["value"]): fc.Arbitrary<string> => {
  if (kind === "none") return fc.constant("");
  if (kind === "state") return fc.constantFrom(...lastStates);
  const text = fc.oneof(
    fc.stringMatching(/^[a-z0-9./~^{}@-]{1,8}$/),
    fc.string({ minLength: 1, maxLength: 8 }),
    fc.constantFrom("a b", 'a"b', "a\\b", "(x)", "a|b", "a,b", "'", "ö", "!x"),
  );
  return text.filter((value) => allowedValue(kind, value));
};

function allowedValue(kind: string, value: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(value)) return false;
  if (kind === "file") return !value.startsWith("/") && !value.split("/").includes("..") && !/[*?]/.test(value);
  return kind !== "ref" || (!value.startsWith("-") && !value.includes(".."));
}

const range = { start: 0, end: 0 };
const anyTerm: fc.Arbitrary<SelectorNode> = fc
  .constantFrom(...termNames)
  .chain((term) => anyValue(terms[term].value).map((value) => ({ kind: "term", term, value, range }) as const));
const anyNode: fc.Arbitrary<SelectorNode> = fc.letrec<{ node: SelectorNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    anyTerm,
    fc.stringMatching(/^[A-Za-z0-9._-]{1,6}$/).map((name) => ({ kind: "name", name, range }) as const),
    tie("node").map((item) => ({ kind: "not", item, range }) as const),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("node"), { minLength: 2, maxLength: 3 }))
      .map(([kind, items]) => ({ kind, items, range }) as const),
  ),
})).node;

/** The same tree without places: they depend on how a text is spaced. */
function withoutPlaces(node: SelectorNode): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === "range" ? undefined : value)));
}

/** A subject whose facts are partly unknown. */
const anySubject: fc.Arbitrary<SelectorSubject> = fc.record({
  name: fc.constantFrom("a", "b"),
  role: fc.constantFrom("x", "y"),
  tags: fc.subarray(["t", "u/v"]),
  needs: fc.subarray(["p"]),
  git: fc.option(fc.record({ dirty: fc.boolean(), ahead: fc.nat(1), behind: fc.nat(1) }), { nil: undefined }),
  last: fc.constantFrom(undefined, null, "failed"),
});
const anyLogic: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("name:a", "role:x", "tag:t", "tag:u", "needs:p", "dirty", "ahead", "behind", "last:failed"),
    tie("text").map((text) => `!(${text})`),
    fc
      .tuple(tie("text"), fc.constantFrom("&&", "||"), tie("text"))
      .map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
  ),
})).text;

// Time for deep runs, asked for with FUZZ_RUNS.
describe("properties of selectors", { timeout: 20_000 + 20 * numRuns }, () => {
  it("parses what it prints into the same tree", () => {
    fc.assert(
      fc.property(anyNode, (node) => {
        expect(withoutPlaces(parseSelector(printSelector(node), "x"))).toEqual(withoutPlaces(node));
      }),
      { numRuns },
    );
  });

  it("keeps De Morgan's laws, also with unknown facts", () => {
    const answer = (text: string, subject: SelectorSubject): unknown => {
      const result = test(text, subject);
      return typeof result === "boolean"
        ? result
        : [...result]
            .map(({ term }) => term)
            .toSorted()
            .filter((term, i, all) => term !== all[i - 1]);
    };
    fc.assert(
      fc.property(anyLogic, anyLogic, anySubject, (a, b, subject) => {
        expect(answer(`!((${a}) && (${b}))`, subject)).toEqual(answer(`!(${a}) || !(${b})`, subject));
        expect(answer(`!((${a}) || (${b}))`, subject)).toEqual(answer(`!(${a}) && !(${b})`, subject));
        expect(answer(`!!(${a})`, subject)).toEqual(answer(a, subject));
      }),
      { numRuns },
    );
  });

  it("never changes an answer when more facts become known", () => {
    fc.assert(
      fc.property(anyLogic, anySubject, (text, subject) => {
        const early = test(text, {
          name: subject.name,
          tags: subject.tags,
          needs: subject.needs,
          ...(subject.role === undefined ? {} : { role: subject.role }),
        });
        const late = test(text, {
          ...subject,
          git: subject.git ?? { dirty: true, ahead: 0, behind: 1 },
          last: subject.last ?? "failed",
        });
        expect(typeof late).toBe("boolean");
        expect(typeof early === "boolean" ? early : late).toBe(late);
      }),
      { numRuns },
    );
  });

  it("meets any text with a tree or a UserFileError, with a place inside the text", () => {
    const pieces = fc.array(
      fc.constantFrom(
        "role:",
        "tag:a",
        "dirty",
        "@x",
        "&&",
        "||",
        "!",
        "(",
        ")",
        '"',
        "'",
        "\\",
        ":",
        ",",
        " ",
        "\n",
        "é",
        "😀",
        "last:failed",
        "&",
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 60 }),
          pieces.map((list) => list.join("")),
        ),
        (text) => {
          expect(misplaced(text)).toBeUndefined();
        },
      ),
      { numRuns: numRuns * 5 },
    );
  });

  it("compiles any set of named selectors without looping", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const text = fc
      .tuple(
        name,
        fc.constantFrom("&&", "||"),
        fc.oneof(
          name.map((n) => `@${n}`),
          fc.constant("dirty"),
        ),
      )
      .map(([a, op, b]) => `@${a} ${op} ${b}`);
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(text, fc.constant("tag:x"))), name, (entries, start) => {
        const result = tryCompileSelector(`@${start}`, { named: new Map(Object.entries(entries)) });
        const outcome =
          "problems" in result ? result.problems[0]?.message : typeof evaluateSelector(result.selector, gateway);
        expect(outcome).toMatch(/circle|unknown selector|boolean/);
      }),
      { numRuns },
    );
  });
});

/** What is wrong with how a text is met; undefined when nothing is. */
function misplaced(text: string): string | undefined {
  try {
    const node = parseSelector(text, "--select");
    const again = parseSelector(printSelector(node), "again");
    if (node.range.end > text.length) return "a range ends outside the text";
    return isDeepStrictEqual(withoutPlaces(again), withoutPlaces(node))
      ? undefined
      : `printed as ${printSelector(node)}`;
  } catch (error) {
    if (!(error instanceof UserFileError)) return String(error);
    const lines = text.split("\n");
    const outside = error.diagnostics.find(({ line, column }) => column > (lines[line - 1] ?? "").length + 1);
    return outside === undefined ? undefined : `a place outside the text: ${outside.line}:${outside.column}`;
  }
}

describe("renderSelectorReference", () => {
  it("shows each term with an example that parses", () => {
    const page = renderSelectorReference();
    for (const name of termNames) {
      expect(page).toContain(`\`${terms[name].example}\``);
      expect(parseSelector(terms[name].example, "x")).toMatchObject({ kind: "term", term: name });
    }
    const block = /```\n([^]*?)```/.exec(page)?.[1] ?? "";
    for (const line of block.trim().split("\n")) expect(tryParseSelector(line)).toHaveProperty("node");
  });
});
