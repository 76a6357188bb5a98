import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../lib/json.ts";
import { compileExpression } from "./compile-expression.ts";
import type { Contexts, Result } from "./contexts.ts";
import { Expressions } from "./expressions.ts";
import { isShellSafe, shellSafeText } from "./shell-safety.ts";
import type { InputSchema } from "./types.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const inputs: Readonly<Record<string, InputSchema>> = {
  count: { type: "integer" },
  share: { type: "number" },
  flag: { type: "boolean" },
  level: { enum: ["low", "v1.2/a+b:c@d", 3] },
  danger: { enum: ["ok", "$(id)"] },
  text: { type: "string" },
  list: { type: "array" },
  map: { type: "object" },
};

const isSafe = (source: string): boolean => isShellSafe(compileExpression(source).tree, inputs);

describe("isShellSafe", () => {
  it.each([
    "inputs.count",
    "INPUTS['Count']",
    "inputs.share",
    "inputs.flag",
    "inputs.level",
    "repo.name",
    "repo.index",
    "repo.dirty",
    "repo.base",
    "run.id",
    "job.status",
    "steps.test.outcome",
    "needs.edit.result",
    "needs.edit.targets['x y'].result",
    "inputs.text == 'x'",
    "!inputs.text",
    "inputs.text && '--text'",
    "inputs.flag && '--draft' || ''",
    "contains(inputs.text, 'x')",
    "format('{0}-{1}', inputs.count, repo.name)",
    "case(inputs.text == 'a', '$HOME', inputs.count > 3, 'b', inputs.level)",
    "'$(author wrote this)'",
  ])("accepts %s", (source) => {
    expect(isSafe(source)).toBe(true);
  });

  it.each([
    "inputs.text",
    "inputs.danger",
    "inputs.list",
    "inputs.map.x",
    "inputs.map",
    "inputs.*",
    "inputs[inputs.text]",
    "inputs",
    "inputs.unknown",
    "repo.path",
    "repo.role",
    "repo.tags[0]",
    "repo.diff",
    "repo.url",
    "repo.branch",
    "repo",
    "repo[inputs.text]",
    "run.actor",
    "env.X",
    "secrets.X",
    "steps.test.outputs.x",
    "steps['x'].outputs.outcome",
    "steps.test.outputs['a outcome']",
    "needs.edit.outputs.result",
    "needs['x targets'].outputs.result",
    "needs.edit.targets['r'].outputs.x",
    "inputs.text || 'x'",
    "inputs.flag && inputs.text",
    "format('{0}', inputs.text)",
    "case(inputs.flag, inputs.text, 'b')",
    "case(inputs.flag, 'b', inputs.text)",
    "join(repo.tags)",
    "toJSON(inputs.text)",
    "fromJSON(inputs.text)",
    "(inputs.text)",
    "fromJSON('[1]')[0]",
  ])("refuses %s", (source) => {
    expect(isSafe(source)).toBe(false);
  });
});

describe("what it accepts", () => {
  const hostile = fc.oneof(
    fc.constantFrom("$(touch x)", "`id`", "; rm -rf /", "'", '"', "\n", "&& true", "| sh", ">f", "*", "~", "", "plain"),
    fc.string(),
  );
  const result = fc.constantFrom<Result>("success", "failure", "cancelled", "skipped");
  const anyContexts = fc
    .record({
      count: fc.integer(),
      share: fc.double({ noNaN: true, noDefaultInfinity: true }),
      flag: fc.boolean(),
      level: fc.constantFrom<Json>("low", "v1.2/a+b:c@d", 3),
      danger: fc.constantFrom("ok", "$(id)"),
      text: hostile,
      outcome: result,
      name: fc.stringMatching(/^[A-Za-z0-9._-]+$/),
      base: fc.option(fc.constant("0123456789abcdef0123456789abcdef01234567")),
    })
    .map(({ text, outcome, name, base, ...given }): Contexts => {
      const outputs = { x: text, result: text };
      return {
        inputs: { ...given, text, list: [text], map: { x: text } },
        repo: {
          name,
          path: text,
          role: text,
          tags: [text],
          base,
          index: 1,
          optional: true,
          env: { A: text },
          dirty: true,
          diff: text,
        },
        run: {
          id: "k3v9q0x2mf",
          workflow: "w",
          revision: "0123456789ab",
          actor: text,
          startedAt: "2026-01-01T00:00:00.000Z",
        },
        job: { id: "edit", status: "success" },
        steps: { test: { outputs, outcome, conclusion: outcome } },
        needs: { edit: { outputs, result: outcome, targets: { r: { outputs, result: outcome } } } },
        env: { X: text },
        secrets: { X: text },
      };
    });

  // No texts of an author: what he writes into the expression is his own script.
  const leaf = fc.constantFrom(
    ..."inputs.count inputs.share inputs.flag inputs.level inputs.danger inputs.text inputs.list inputs.map.x inputs.none".split(
      " ",
    ),
    ..."repo.name repo.base repo.path repo.role repo.tags[0] repo.env.A run.id run.actor job.status env.X secrets.X null".split(
      " ",
    ),
    ..."steps.test.outcome steps.test.outputs.x needs.edit.result needs.edit.outputs.result needs.edit.targets.r.result".split(
      " ",
    ),
  );
  const expression = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.tuple(tie("any"), fc.constantFrom("==", "<", "&&", "||"), tie("any")).map((parts) => `(${parts.join(" ")})`),
      tie("any").map((inner) => `!${inner}`),
      fc.tuple(tie("any"), tie("any")).map(([a, b]) => `format('{0}{1}', ${a}, ${b})`),
      fc.tuple(tie("any"), tie("any"), tie("any")).map(([p, a, b]) => `case(!${p}, ${a}, ${b})`),
      fc.tuple(tie("any"), tie("any")).map(([a, b]) => `contains(${a}, ${b})`),
      tie("any").map((inner) => `join(${inner})`),
      tie("any").map((inner) => `toJSON(${inner})`),
    ),
  })).any;

  it("is never more than safe characters, whatever the values of the run", () => {
    let accepted = 0;
    fc.assert(
      fc.property(expression, anyContexts, (source, contexts) => {
        if (!isSafe(source)) return;
        accepted += 1;
        expect(new Expressions().interpolate(`\${{ ${source} }}`, contexts)).toMatch(shellSafeText);
      }),
      { numRuns: runs * 10 },
    );
    expect(accepted).toBeGreaterThan(runs);
  });

  it("stays one word of itself in a real shell, quoted or not", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9._:/@+-]{1,30}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        const script = words.map((text) => `printf '%s|%s|%s\\n' ${text} "${text}" '${text}'`).join("\n");
        const { stdout } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
        expect(stdout).toBe(words.map((text) => `${text}|${text}|${text}\n`).join(""));
      }),
      { numRuns: Math.min(runs, 20) },
    );
  });
});
