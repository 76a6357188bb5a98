import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { UserFileError } from "../lib/errors.ts";
import { knownActions as actions } from "./known-actions-fixture.ts";
import { parseWorkflow } from "./parse-workflow.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const timeout = 20_000 + runs * 20;

describe("random files", () => {
  const word = fc.constantFrom(
    ..."version name on manual inputs jobs steps finally needs if sweep select order maxParallel onFailure mode abortAbove checkout".split(
      " ",
    ),
    ..."timeout retry attempts when env outputs optional id run shell uses with type default enum items properties a b __proto__".split(
      " ",
    ),
    ..."1 20% 15m string integer continue worktree git/commit ${{ inputs.a }} ${{ repo.name && }} ${{ steps.b.outputs.x }} true null".split(
      " ",
    ),
    "${{ inputs.a }}",
    "echo ${{ needs.a.outputs.b",
    "role:x && (",
  );
  const scalar = fc.oneof(
    word,
    fc.string({ maxLength: 5 }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const node = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 6 },
      scalar,
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(word, tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  const step = fc.record(
    { id: word, run: node, uses: word, with: node, if: word, env: node, outputs: node },
    { requiredKeys: [] },
  );
  const job = fc.record(
    { needs: node, sweep: node, if: word, steps: fc.array(step, { maxLength: 3 }), outputs: node, env: node },
    { requiredKeys: ["steps"] },
  );
  const file = fc.record(
    {
      version: fc.constant(1),
      name: fc.constant("w"),
      inputs: node,
      jobs: fc.dictionary(fc.constantFrom("a", "b"), job),
      finally: node,
    },
    { requiredKeys: ["version", "name", "jobs"] },
  );

  /** How many places are complained about; anything but a complaint is thrown on. */
  const countComplaints = (text: string): number => {
    try {
      parseWorkflow({ file: "w.yaml", text, actions });
      return 0;
    } catch (error) {
      if (!(error instanceof UserFileError)) throw error;
      for (const { line, column, length } of error.diagnostics) {
        if (line < 1 || line > text.split("\n").length || column < 1 || length < 1)
          throw new Error(`no such place: ${line}:${column}`, { cause: error });
      }
      return error.diagnostics.length;
    }
  };

  it(
    "parse, or are complained about in places that exist",
    () => {
      let complaints = 0;
      fc.assert(
        fc.property(file, (content) => {
          complaints += countComplaints(stringify(content));
        }),
        { numRuns: runs },
      );
      expect(complaints).toBeGreaterThan(runs);
    },
    timeout,
  );

  it(
    "with a random hole and a random insertion are never worse than wrong",
    () => {
      const text = `version: 1
name: w
inputs: { a: { type: integer, default: 1 } }
jobs:
  a:
    sweep: { select: "role:x" }
    steps:
      - { id: s, run: "echo \${{ inputs.a }}" }
      - run: |
          two \${{ steps.s.outcome }}
        if: failure()
`;
      expect(countComplaints(text)).toBe(0);
      let complaints = 0;
      fc.assert(
        fc.property(
          fc.nat(text.length),
          fc.nat(20),
          fc.oneof(word, fc.string({ maxLength: 4 })),
          (at, length, inserted) => {
            complaints += countComplaints(text.slice(0, at) + inserted + text.slice(at + length));
          },
        ),
        { numRuns: runs },
      );
      expect(complaints).toBeGreaterThan(runs / 2);
    },
    timeout,
  );

  it(
    "of the right shape with random names and expressions parse, or are complained about",
    () => {
      const name = fc.constantFrom("a", "b", "c");
      const path = fc.constantFrom(
        ..."inputs.a inputs.c inputs.* repo.name repo.diff repo[inputs.a] run.id job.status steps.a.outputs.x steps.c.outcome".split(
          " ",
        ),
        ..."needs.a.outputs.x needs.b.result needs.a.targets['r'].outputs.x needs[inputs.a] env.A secrets.T secrets github.sha".split(
          " ",
        ),
        ..."success() always() toJSON(repo) (1 fromJSON('[') 'x' 1".split(" "),
      );
      const expression = fc.oneof(
        path,
        fc.tuple(path, fc.constantFrom(" == ", " && ", " || ", ", "), path).map((parts) => parts.join("")),
      );
      const text = fc
        .array(
          fc.oneof(
            fc.string({ maxLength: 3 }),
            expression.map((inner) => `\${{ ${inner} }}`),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map((parts) => parts.join("") || "x");
      const texts = fc.dictionary(fc.constantFrom("A", "x"), text, { maxKeys: 2 });
      const about = { id: name, if: fc.oneof(expression, text, fc.boolean()), env: texts, outputs: texts };
      const keys = { requiredKeys: [] as [] };
      const steps = fc.array(
        fc.oneof(
          fc.record(
            { run: fc.oneof(text, fc.array(fc.oneof(text, fc.constantFrom("sh", "-c")), { minLength: 1 })), ...about },
            { requiredKeys: ["run"] },
          ),
          fc.record(
            {
              uses: fc.constantFrom("git/commit", "report/summary", "x/y"),
              with: fc.dictionary(fc.constantFrom("message", "hooks"), text),
              ...about,
            },
            { requiredKeys: ["uses"] },
          ),
        ),
        { minLength: 1, maxLength: 3 },
      );
      const oneJob = fc.record(
        {
          needs: fc.oneof(name, fc.array(name)),
          sweep: fc.record({ select: text }, keys),
          if: expression,
          env: texts,
          outputs: texts,
          steps,
        },
        { requiredKeys: ["steps"] },
      );
      const inputs = fc.dictionary(
        name,
        fc.record(
          { type: fc.constantFrom("string", "integer"), default: fc.oneof(fc.integer(), fc.string()) },
          { requiredKeys: ["type"] },
        ),
      );
      const shaped = fc.record(
        {
          version: fc.constant(1),
          name: fc.constant("w"),
          inputs,
          jobs: fc.dictionary(name, oneJob, { minKeys: 1 }),
          finally: steps,
        },
        { requiredKeys: ["version", "name", "jobs"] },
      );

      let complaints = 0;
      fc.assert(
        fc.property(shaped, (content) => {
          complaints += countComplaints(stringify(content));
        }),
        { numRuns: runs },
      );
      expect(complaints).toBeGreaterThan(runs);
    },
    timeout,
  );
});
