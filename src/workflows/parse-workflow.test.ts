import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { knownActions as actions } from "./known-actions-fixture.ts";
import { parseWorkflow, type WorkflowSource } from "./parse-workflow.ts";
import type { Workflow } from "./types.ts";

const parse = (text: string, more: Partial<WorkflowSource> = {}): Workflow =>
  parseWorkflow({ file: "w.yaml", text, actions, ...more });

/** The whole message of the error, or what came out of it. */
const complain = (text: string, more: Partial<WorkflowSource> = {}): string => {
  try {
    return `fits: ${JSON.stringify(parse(text, more))}`;
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
};

/** A workflow with one job without a sweep whose steps are given. */
const withSteps = (steps: string, more = ""): string => `version: 1\nname: w\n${more}jobs:\n  a:\n    steps:\n${steps}`;

describe("parseWorkflow", () => {
  it("makes the intermediate form of the example", () => {
    const text = `version: 1
name: raise-node
description: Raise the Node floor
on: { manual: {} }
inputs:
  major: { type: integer, minimum: 20, default: 24 }
  draft: { type: boolean, default: true }
jobs:
  edit:
    sweep:
      select: "@tsServices"
      maxParallel: 6
      onFailure: { abortAbove: 20% }
    timeout: 15m
    retry: { attempts: 3, first: 2s, when: [timeout, infrastructure] }
    env: { CI: "true" }
    steps:
      - { id: set, run: "npm pkg set engines.node='>=\${{ inputs.major }}'", timeout: 30s, retry: 2 }
      - { run: [npm, test], env: { TOKEN: "\${{ secrets.NPM_TOKEN }}" }, continueOnError: true }
    outputs: { changed: "\${{ repo.dirty }}" }
  ship:
    needs: edit
    if: \${{ needs.edit.outputs.changed == 'true' }}
    sweep: {}
    checkout: inPlace
    steps:
      - { uses: git/commit, with: { branch: raise-node, message: "Require Node \${{ inputs.major }}" } }
finally:
  - { uses: report/summary, if: false }
`;
    expect(parse(text, { secretNames: ["NPM_TOKEN"] })).toEqual({
      name: "raise-node",
      description: "Raise the Node floor",
      inputs: { major: { type: "integer", minimum: 20, default: 24 }, draft: { type: "boolean", default: true } },
      jobs: [
        {
          id: "edit",
          needs: [],
          sweep: {
            select: "@tsServices",
            order: "needs",
            maxParallel: 6,
            onFailure: { mode: "continue", abortAbove: 0.2 },
            allowEmpty: false,
          },
          checkout: "worktree",
          timeoutMs: 900_000,
          retry: { attempts: 3, firstMs: 2000, when: ["timeout", "infrastructure"] },
          env: { CI: "true" },
          steps: [
            {
              id: "set",
              action: { kind: "run", command: "npm pkg set engines.node='>=${{ inputs.major }}'", shell: "sh" },
              timeoutMs: 30_000,
              retry: { attempts: 2, when: ["exit", "timeout", "infrastructure"] },
              env: {},
              continueOnError: false,
              outputs: {},
              secrets: [],
            },
            {
              id: "step2",
              action: { kind: "run", command: ["npm", "test"], shell: "sh" },
              env: { TOKEN: "${{ secrets.NPM_TOKEN }}" },
              continueOnError: true,
              outputs: {},
              secrets: ["NPM_TOKEN"],
            },
          ],
          outputs: { changed: "${{ repo.dirty }}" },
          optional: false,
        },
        {
          id: "ship",
          needs: ["edit"],
          if: "needs.edit.outputs.changed == 'true'",
          sweep: { order: "needs", onFailure: { mode: "continue" }, allowEmpty: false },
          checkout: "inPlace",
          env: {},
          steps: [
            {
              id: "step1",
              action: {
                kind: "uses",
                uses: "git/commit",
                with: { branch: "raise-node", message: "Require Node ${{ inputs.major }}" },
              },
              env: {},
              continueOnError: false,
              outputs: {},
              secrets: [],
            },
          ],
          outputs: {},
          optional: false,
        },
      ],
      finally: [
        {
          id: "step1",
          if: "false",
          action: { kind: "uses", uses: "report/summary", with: {} },
          env: {},
          continueOnError: false,
          outputs: {},
          secrets: [],
        },
      ],
      revision: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    });
  });

  it("prints a circle of jobs", () => {
    const job = (need: string): string => `{ needs: ${need}, steps: [{ run: x }] }`;
    const text = `version: 1\nname: w\njobs:\n  a: ${job("c")}\n  b: ${job("a")}\n  c: ${job("b")}\n`;
    expect(complain(text)).toContain("these jobs need each other in a circle: a -> c -> b -> a");
  });

  it("accepts what stands before, around and at the end", () => {
    const text = `version: 1
name: w
jobs:
  first: { steps: [{ id: a, run: echo, outputs: { own: "\${{ steps.a.outputs.v }}" } }], outputs: { v: "\${{ steps.a.outputs.v }}" } }
  all: { needs: first, sweep: {}, env: { V: "\${{ needs.first.outputs.v }}" }, steps: [{ run: "echo \${{ repo.name }} \${{ repo.dirty }}" }], outputs: { x: "\${{ repo.diff }}" } }
  more: { needs: [all], sweep: {}, if: "needs.all.outputs.x != '' && always()", steps: [{ run: "true" }] }
finally:
  - { run: "true", env: { A: "\${{ needs.all.targets['gateway'].outputs.x }}", B: "\${{ needs.first.outputs.v }}\${{ needs.more.result }}" } }
  - { run: "echo \${{ steps.step1.outcome }}", if: failure() }
`;
    expect(parse(text).jobs.map(({ id }) => id)).toEqual(["first", "all", "more"]);
  });

  it("refuses YAML that is none, and keys that stand twice", () => {
    expect(complain("version: [1")).toContain("w.yaml:1:12");
    expect(complain("version: 1\nname: a\nname: b\njobs: {}")).toContain("this key stands twice");
    expect(complain("")).toContain("w.yaml:1:1");
    expect(complain("- 1")).toContain("must be a map");
    expect(complain("version: 1\nname: a\njobs: {}")).toContain("at least one job");
    expect(complain(withSteps("      - { run: x, if: !cancelled() }"))).toContain("w.yaml:6");
    expect(complain(withSteps("      - { run: x }", "inputs: { __proto__: { type: string } }\n"))).toContain(
      "is reserved",
    );
    expect(complain(withSteps("      - { uses: x, with: { n: .inf } }"))).toContain("this number cannot be kept");
  });

  it("shows what a selector names and is not there, in the place where it stands", () => {
    const text = `version: 1
name: w
jobs:
  a:
    sweep: { select: 'role:service && @tsServces' }
    steps: [{ run: x }]
  b:
    sweep:
      select: >-
        @web ||
        (role:servce && needs:gatway)
    steps: [{ run: x }]
`;
    const selectors = {
      named: new Map([["tsServices", "tag:lang/ts"]]),
      roles: ["service"],
      repositories: ["gateway"],
    };
    expect(complain(text)).toContain("fits:");
    expect(complain(text, { selectors })).toMatchInlineSnapshot(`
      "w.yaml:5:39  unknown selector "@tsServces"
          5 |     sweep: { select: 'role:service && @tsServces' }
            |                                       ^^^^^^^^^^ did you mean "tsServices"?

      w.yaml:10:9  unknown selector "@web"
         10 |         @web ||
            |         ^^^^ known: tsServices

      w.yaml:11:15  unknown role "servce"
         11 |         (role:servce && needs:gatway)
            |               ^^^^^^ did you mean "service"?

      w.yaml:11:31  unknown repository "gatway"
         11 |         (role:servce && needs:gatway)
            |                               ^^^^^^ did you mean "gateway"?"
    `);
    const named = new Map([
      ["tsServces", "dirty"],
      ["web", "last:failed"],
    ]);
    expect(complain(text, { selectors: { named } })).toContain("fits:");
  });

  it("does not know actions and secrets when nobody tells it", () => {
    const text = withSteps('      - { uses: prefect/run, with: { token: "${{ secrets.T }}" } }');
    expect(parseWorkflow({ file: "w.yaml", text }).jobs[0]?.steps[0]?.secrets).toEqual(["T"]);
    expect(complain(text)).toContain('unknown action "prefect/run"');
  });
});

describe("the revision", () => {
  const base = `version: 1\nname: w\njobs:\n  a: { steps: [{ run: x, env: { A: "1", B: "2" } }] }\n  b: { steps: [{ run: y }] }\n`;

  it("does not see order of keys, comments, quotes and styles", () => {
    const same = `# comment\njobs:\n  b:\n    steps:\n      - run: "y"\n  a:\n    steps:\n      - env: { B: '2', A: "1" }\n        run: x\nname: w\nversion: 1\n`;
    expect(parse(same).revision).toBe(parse(base).revision);
  });

  it("sees everything else", () => {
    const others = [
      base.replace("run: x", "run: z"),
      base.replace('"1"', '"3"'),
      base.replace("name: w", "name: v"),
      base.replace("b: {", "c: {"),
      base.replace("{ run: y }", "{ run: y }, { run: y }"),
    ];
    const revisions = new Set([base, ...others].map((text) => parse(text).revision));
    expect(revisions.size).toBe(others.length + 1);
  });
});
