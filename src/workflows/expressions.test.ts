import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import { Secret } from "../lib/secret.ts";
import { compileExpression } from "./compile-expression.ts";
import type { Contexts, Status } from "./contexts.ts";
import { ExpressionProblem } from "./expression-problem.ts";
import { Expressions } from "./expressions.ts";
import type { Step } from "./types.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const contexts: Contexts = {
  inputs: { major: 24, draft: true, text: "a'b", none: null, list: ["a", "B"], map: { x: 1, Y: "two" } },
  repo: {
    name: "gateway",
    path: "/w/gateway",
    tags: ["lang/ts", "tier/1"],
    base: "abc",
    index: 3,
    optional: false,
    env: {},
  },
  run: {
    id: "k3v9q0x2mf",
    workflow: "w",
    revision: "0123456789ab",
    actor: "local:dana",
    startedAt: "2026-01-01T00:00:00.000Z",
  },
  job: { id: "edit", status: "success" },
  steps: { test: { outputs: { Count: "7" }, outcome: "failure", conclusion: "success" } },
  needs: {
    prepare: {
      outputs: { v: "1" },
      result: "success",
      targets: { "auth-lib": { outputs: { v: "2" }, result: "failure" } },
    },
  },
  env: { PORT: "8080" },
  secrets: { TOKEN: new Secret("hunter2") },
};

const expressions = new Expressions();
const evaluate = (source: string): Json => expressions.evaluate(`\${{ ${source} }}`, contexts);
const print = (source: string): string => expressions.interpolate(`<\${{ ${source} }}>`, contexts);

describe("evaluate", () => {
  // The tables of GitHub's documentation: literals, operators, coercion to numbers, comparison of texts.
  it.each<[string, Json]>([
    ["null", null],
    ["711", 711],
    ["-9.2", -9.2],
    ["0xff", 255],
    ["-2.99e-2", -0.0299],
    ["'Mona''s ''quoted'' text'", "Mona's 'quoted' text"],
    ["null == 0", true],
    ["null == false", true],
    ["null == ''", true],
    ["true == 1", true],
    ["false == 0", true],
    ["'' == 0", true],
    ["'0x1F' == 31", true],
    ["'abc' == 0", false],
    ["'ABC' == 'abc'", true],
    ["'a' < 'B'", true],
    ["fromJSON('[1]') == 1", false],
    ["fromJSON('[]') == fromJSON('[]')", false],
    ["inputs.list == inputs.list", true],
    ["!''", true],
    ["!'false'", false],
    ["1 < 2 && 'yes' || 'no'", "yes"],
    ["'' && 'yes' || 'no'", "no"],
    ["'' || 0 || null", null],
    ["contains('Hello world', 'LLO')", true],
    ["contains(inputs.list, 'b')", true],
    ["startsWith('Hello', 'he')", true],
    ["endsWith('Hello', 'LO')", true],
    ["format('{{Hello {0} {1}}}', 'Mona', 2)", "{Hello Mona 2}"],
    ["join(inputs.list, ', ')", "a, B"],
    ["join(inputs.list)", "a,B"],
    ['fromJSON(\'{"a":[1,{"b":null}]}\').a[1].b', null],
    ["fromJSON('{\"a\":[1,2]}').a", [1, 2]],
    ["case(inputs.major > 30, 'new', inputs.major > 20, 'now', 'old')", "now"],
  ])("gives what GitHub's documentation says: %s", (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  it.each<[string, Json]>([
    ["inputs.major", 24],
    ["INPUTS.Major", 24],
    ["inputs['major']", 24],
    ["inputs.map", { x: 1, Y: "two" }],
    ["inputs.map.y", "two"],
    ["inputs.none", null],
    ["inputs.missing.deeper", null],
    ["repo.tags[1]", "tier/1"],
    ["repo.role", null],
    ["steps.test.outputs.count", "7"],
    ["steps.*.outcome", ["failure"]],
    ["needs.prepare.targets['auth-lib'].outputs.v", "2"],
    ["env.PORT", "8080"],
    ["secrets.TOKEN", "hunter2"],
  ])("reads contexts: %s", (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  it("keeps the type only of a text that is one expression and nothing else", () => {
    expect(expressions.evaluate("${{ inputs.major }}", contexts)).toBe(24);
    expect(expressions.evaluate("${{ inputs.major }}\n", contexts)).toBe("24\n");
    expect(expressions.evaluate("${{ inputs.major }}${{ inputs.major }}", contexts)).toBe("2424");
    expect(expressions.evaluate("no expression", contexts)).toBe("no expression");
  });

  it("reads `}}` inside quotes as text, and hands a literal `${{` through", () => {
    expect(expressions.interpolate("${{ '}}' }} and ${{ '${{' }}", contexts)).toBe("}} and ${{");
  });
});

describe("interpolate", () => {
  it.each([
    ["null", "<>"],
    ["true", "<true>"],
    ["1.50", "<1.5>"],
    ["1e3", "<1000>"],
    ["-0", "<0>"],
    ["inputs.list", "<Array>"],
    ["inputs.map", "<Object>"],
  ])("turns values into text as GitHub does: %s", (source, text) => {
    expect(print(source)).toBe(text);
  });

  it("writes JSON with every key that a map has", () => {
    expect(JSON.parse(expressions.interpolate("${{ toJSON(inputs.map) }}", contexts))).toEqual({ x: 1, Y: "two" });
    expect(evaluate(`toJSON(fromJSON('{"constructor":1,"__proto__":2}'))`)).toContain('"__proto__": 2');
  });

  it("hands back what holds no expression, the same object", () => {
    const env = { A: "1", B: "two" };
    expect(expressions.interpolateAll(env, contexts)).toBe(env);
    const input = { deep: [{ text: "x" }] };
    expect(expressions.evaluateAll(input, contexts)).toBe(input);
  });

  it("evaluates texts at any depth and keeps all else", () => {
    const input = { a: [{ text: "${{ inputs.major }}" }, 1, null], b: "v${{ inputs.major }}", __proto: true };
    expect(expressions.evaluateAll(input, contexts)).toEqual({ a: [{ text: 24 }, 1, null], b: "v24", __proto: true });
  });
});

describe("test", () => {
  const fine: Status = { success: true, failure: false, cancelled: false };
  const failed: Status = { success: false, failure: true, cancelled: false };

  it("adds success() where no status function is called, as GitHub does", () => {
    expect(expressions.test("true", contexts, fine)).toBe(true);
    expect(expressions.test("true", contexts, failed)).toBe(false);
    expect(expressions.test("always()", contexts, failed)).toBe(true);
    expect(expressions.test("failure() && steps.test.outcome == 'failure'", contexts, failed)).toBe(true);
    expect(expressions.test("failure()", contexts, fine)).toBe(false);
    expect(expressions.test("!cancelled()", contexts, failed)).toBe(true);
    expect(expressions.test("cancelled()", contexts, { success: false, failure: false, cancelled: true })).toBe(true);
  });

  it("takes a condition of finally as it stands", () => {
    expect(expressions.test("inputs.draft", contexts, failed, "finally")).toBe(true);
    expect(expressions.test("success()", contexts, failed, "finally")).toBe(false);
  });
});

describe("lazy values", () => {
  const step = (parts: Partial<Step>): Step => ({
    id: "s",
    action: { kind: "run", command: "true", shell: "sh" },
    env: {},
    continueOnError: false,
    outputs: {},
    secrets: [],
    ...parts,
  });

  it("are told for each moment of a step", () => {
    expect(expressions.lazyValuesOfStep(step({}))).toEqual({ before: [], after: [] });
    const named = step({ if: "repo.dirty", outputs: { diff: "${{ repo.diff }}" } });
    expect(expressions.lazyValuesOfStep(named)).toEqual({ before: ["repo.dirty"], after: ["repo.diff"] });
    const deep = step({ action: { kind: "uses", uses: "x/y", with: { input: [{ patch: "${{ repo['DIFF'] }}" }] } } });
    expect(expressions.lazyValuesOfStep(deep).before).toEqual(["repo.diff"]);
  });

  it("are all told when it is not known which are named", () => {
    for (const text of ["${{ toJSON(repo) }}", "${{ repo[inputs.text] }}", "${{ repo.* }}"]) {
      expect(expressions.lazyValues(text)).toEqual(["repo.dirty", "repo.diff"]);
    }
    expect(expressions.lazyValues("${{ repo.name }}")).toEqual([]);
  });

  it("are an error, not a quiet false, when nobody computed them", () => {
    expect(() => evaluate("repo.dirty")).toThrow("repo.dirty was not computed");
    const computed = { ...contexts, repo: { ...contexts.repo, dirty: true } } as Contexts;
    expect(expressions.evaluate("${{ repo.dirty }}", computed)).toBe(true);
  });
});

describe("limits", () => {
  it.each([
    ["nesting", "(".repeat(60) + "1" + ")".repeat(60), "nested deeper than 50"],
    ["negation", "!".repeat(100) + "true", "nested deeper than 50"],
    ["comparisons in a chain", Array.from({ length: 300 }, () => "1").join("=="), "more than 200 comparisons"],
    ["length", `'${"x".repeat(22_000)}'`, "longer than 21000"],
  ])("refuse too much %s", (_, source, message) => {
    expect(() => compileExpression(source)).toThrow(message);
  });

  it("bound values that calls inside calls would double without end", () => {
    let source = "'0123456789'";
    for (let level = 0; level < 40; level += 1) source = `format('{0}{0}{0}{0}{0}{0}{0}{0}', ${source})`;
    expect(() => evaluate(source)).toThrow(/format\(\) makes a text of more than/);
    expect(() => evaluate("fromJSON(format('{0}', 'x'))")).toThrow(/fromJSON\(\) was given no JSON/);
    expect(() => evaluate("fromJSON('')")).toThrow("empty text");
  });

  it("say which expression failed", () => {
    expect(() => evaluate("format('{1}', 1)")).toThrow(/^\$\{\{ format\('\{1\}', 1\) \}\}: /);
  });
});

describe("names that are no functions of GitHub", () => {
  it.each(["constructor('x')", "__proto__()", "toString()", "hasOwnProperty('a')", "valueOf()"])(
    "refuse %s",
    (source) => {
      expect(() => compileExpression(source)).toThrow("unknown function");
    },
  );

  it("refuse hashFiles() and contexts of GitHub that are not here", () => {
    expect(() => compileExpression("hashFiles('x')")).toThrow("hashFiles() is not built yet");
    expect(() => compileExpression("github.sha")).toThrow('unknown context "github"');
  });
});

describe("random expressions", () => {
  const leaf = fc.constantFrom(
    "1",
    "'a'",
    "null",
    "true",
    "inputs.list",
    "inputs.map",
    "steps.test.outcome",
    "repo.tags[0]",
    "needs.*",
  );
  const expression = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc
        .tuple(tie("any"), fc.constantFrom("==", "!=", "<", ">=", "&&", "||"), tie("any"))
        .map((parts) => `(${parts.join(" ")})`),
      tie("any").map((inner) => `!${inner}`),
      fc
        .tuple(fc.constantFrom("contains", "startsWith", "endsWith", "join"), tie("any"), tie("any"))
        .map(([name, a, b]) => `${name}(${a}, ${b})`),
      fc.tuple(fc.constantFrom("toJSON", "fromJSON"), tie("any")).map(([name, a]) => `${name}(${a})`),
    ),
  })).any;

  const attempt = <T>(body: () => T): T | Error => {
    try {
      return body();
    } catch (error) {
      return error as Error;
    }
  };

  it("evaluate, or fail as a foreseen error", () => {
    let evaluated = 0;
    fc.assert(
      fc.property(expression, (source) => {
        const result = attempt(() => JSON.stringify(evaluate(source)));
        if (result instanceof Error && !(result instanceof MahavishnuError)) throw result;
        if (typeof result === "string") evaluated += 1;
      }),
      { numRuns: runs },
    );
    expect(evaluated).toBeGreaterThan(runs / 4);
  });

  it("mean the same with and without white space", () => {
    fc.assert(
      fc.property(expression, (source) => {
        const result = (text: string): unknown => {
          const value = attempt(() => evaluate(text));
          return value instanceof MahavishnuError ? "fails" : value;
        };
        expect(result(source.replaceAll(/([(),])/g, " $1\n "))).toEqual(result(source));
      }),
      { numRuns: runs },
    );
  });

  it("of any characters parse, or name a place inside the text", () => {
    const symbol = fc.constantFrom(
      ..."()[].,!=<>&|*'\"-+ \n$#a1é".split(""),
      "inputs",
      "repo",
      "format(",
      "&&",
      "${{",
      "}}",
      "0x",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(symbol, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
        const source = parts.join("");
        const result = attempt(() => compileExpression(source));
        if (!(result instanceof Error)) return;
        expect(result).toBeInstanceOf(ExpressionProblem);
        const { start, end } = result as ExpressionProblem;
        expect([start >= 0, start <= source.length, end > start]).toEqual([true, true, true]);
      }),
      { numRuns: runs * 5 },
    );
  });
});
