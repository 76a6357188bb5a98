import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import { knownActions as actions } from "./known-actions-fixture.ts";
import { resolveInputs } from "./inputs.ts";
import { parseWorkflow } from "./parse-workflow.ts";

/** The whole message of the error. */
const complain = (text: string): string => {
  try {
    parseWorkflow({ file: "w.yaml", text, actions, secretNames: ["TOKEN"] });
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
  return "nothing is wrong";
};

describe("parseWorkflow", () => {
  it("names every wrong place of the file's shape at once", () => {
    const text = `version: 1
name: raise node
on: { schedule: [], manul: {} }
concurrency: x
inputs: { a: { type: strng }, b: { type: string, minimum: 3 }, c: {} }
jobs:
  e:
    retry: { attempt: 3 }
    timeout: 5
    sweep: { canary: 1, onFailure: { abortAbove: 20 } }
    env: { A: 5, MAHAVISHNU_X: y }
    steps:
      - { run: 5, retry: 0, undo: x }
      - { runs-on: x, working-directory: y }
`;
    expect(complain(text)).toMatchInlineSnapshot(`
      "w.yaml:2:7  names are letters, digits, dot, _ and -, and begin with a letter or digit
          2 | name: raise node
            |       ^^^^^^^^^^

      w.yaml:3:7  "schedule" is not built yet
          3 | on: { schedule: [], manul: {} }
            |       ^^^^^^^^ Start the run from cron or from CI: \`mahavishnu run NAME\`.

      w.yaml:3:21  unknown key "manul"
          3 | on: { schedule: [], manul: {} }
            |                     ^^^^^ did you mean "manual"?

      w.yaml:4:1  "concurrency" is not built yet
          4 | concurrency: x
            | ^^^^^^^^^^^ The number of runs at once is limited by limits.maxConcurrentWorkflows of mahavishnu.yaml.

      w.yaml:5:22  "strng" is not one of string, integer, number, boolean, array, object
          5 | inputs: { a: { type: strng }, b: { type: string, minimum: 3 }, c: {} }
            |                      ^^^^^ did you mean "string"?

      w.yaml:5:59  "minimum" says nothing about string
          5 | inputs: { a: { type: strng }, b: { type: string, minimum: 3 }, c: {} }
            |                                                           ^

      w.yaml:5:67  an input needs a type: string, integer, number, boolean, array, object
          5 | inputs: { a: { type: strng }, b: { type: string, minimum: 3 }, c: {} }
            |                                                                   ^^

      w.yaml:8:14  unknown key "attempt"
          8 |     retry: { attempt: 3 }
            |              ^^^^^^^ did you mean "attempts"?

      w.yaml:9:14  must be a duration such as 500ms, 30s, 15m, 2h or 7d
          9 |     timeout: 5
            |              ^

      w.yaml:10:14  "canary" is not built yet
         10 |     sweep: { canary: 1, onFailure: { abortAbove: 20 } }
            |              ^^^^^^ Run a few repositories first with \`--select\`, then all of them.

      w.yaml:10:50  must be a percentage such as 20%
         10 |     sweep: { canary: 1, onFailure: { abortAbove: 20 } }
            |                                                  ^^

      w.yaml:11:15  must be text: write it in quotes, "5"
         11 |     env: { A: 5, MAHAVISHNU_X: y }
            |               ^

      w.yaml:11:18  names that begin with MAHAVISHNU_ are reserved
         11 |     env: { A: 5, MAHAVISHNU_X: y }
            |                  ^^^^^^^^^^^^

      w.yaml:13:16  must be a script, or a list of words that is started without a shell
         13 |       - { run: 5, retry: 0, undo: x }
            |                ^

      w.yaml:13:26  "retry" must be at least 1
         13 |       - { run: 5, retry: 0, undo: x }
            |                          ^

      w.yaml:13:29  "undo" is not built yet
         13 |       - { run: 5, retry: 0, undo: x }
            |                             ^^^^ Write what must be undone as steps under \`finally\`.

      w.yaml:14:11  unknown key "runs-on"
         14 |       - { runs-on: x, working-directory: y }
            |           ^^^^^^^ known: id, name, run, shell, workingDirectory, uses, with, env, if, timeout, retry, continueOnError, outputs

      w.yaml:14:23  unknown key "working-directory"
         14 |       - { runs-on: x, working-directory: y }
            |                       ^^^^^^^^^^^^^^^^^ did you mean "workingDirectory"?"
    `);
  });

  it("names every wrong reference at once", () => {
    const text = `version: 1
name: w
inputs: { major: { type: integer, minimum: 20, default: 4 }, Major: { type: string } }
jobs:
  edit:
    needs: [shp, edit]
    sweep: { select: "role:service && && tag:x" }
    steps:
      - { id: one, uses: git/comit }
      - { id: one, uses: git/commit, with: { mesage: x, branch: 5, hooks: "\${{ inputs.major > 20 }}" } }
      - {}
      - { run: x, uses: git/commit, with: { message: x } }
      - { run: [a], shell: bash }
      - { uses: git/commit, with: { message: x }, workingDirectory: sub }
      - { run: x, workingDirectory: ../other }
  finally:
    checkout: inPlace
    steps: [{ uses: git/commit, with: { message: x } }]
finally:
  - { uses: git/commit, with: { message: x } }
`;
    expect(complain(text)).toMatchInlineSnapshot(`
      "w.yaml:3:57  the default does not fit: "major" must be at least 20
          3 | inputs: { major: { type: integer, minimum: 20, default: 4 }, Major: { type: string } }
            |                                                         ^

      w.yaml:3:62  input "Major" is there already, as "major"
          3 | inputs: { major: { type: integer, minimum: 20, default: 4 }, Major: { type: string } }
            |                                                              ^^^^^

      w.yaml:6:13  unknown job "shp"
          6 |     needs: [shp, edit]
            |             ^^^ known: finally

      w.yaml:6:18  job "edit" needs itself
          6 |     needs: [shp, edit]
            |                  ^^^^

      w.yaml:7:39  a term is missing before "&&"
          7 |     sweep: { select: "role:service && && tag:x" }
            |                                       ^^ for example role:service

      w.yaml:9:26  unknown action "git/comit"
          9 |       - { id: one, uses: git/comit }
            |                          ^^^^^^^^^ did you mean "git/commit"?

      w.yaml:10:11  step "one" is there already
         10 |       - { id: one, uses: git/commit, with: { mesage: x, branch: 5, hooks: "\${{ inputs.major > 20 }}" } }
            |           ^^

      w.yaml:10:38  "message" is required here
         10 |       - { id: one, uses: git/commit, with: { mesage: x, branch: 5, hooks: "\${{ inputs.major > 20 }}" } }
            |                                      ^^^^

      w.yaml:10:46  unknown key "mesage"
         10 |       - { id: one, uses: git/commit, with: { mesage: x, branch: 5, hooks: "\${{ inputs.major > 20 }}" } }
            |                                              ^^^^^^ did you mean "message"?

      w.yaml:10:65  "branch" must be text
         10 |       - { id: one, uses: git/commit, with: { mesage: x, branch: 5, hooks: "\${{ inputs.major > 20 }}" } }
            |                                                                 ^

      w.yaml:11:9  a step needs \`run\` or \`uses\`
         11 |       - {}
            |         ^^

      w.yaml:12:19  a step has \`run\` or \`uses\`, not both
         12 |       - { run: x, uses: git/commit, with: { message: x } }
            |                   ^^^^

      w.yaml:13:21  a list of words is started without a shell
         13 |       - { run: [a], shell: bash }
            |                     ^^^^^ write \`run\` as one text to have one

      w.yaml:14:51  "workingDirectory" belongs to \`run\`
         14 |       - { uses: git/commit, with: { message: x }, workingDirectory: sub }
            |                                                   ^^^^^^^^^^^^^^^^ actions take what they need in \`with\`

      w.yaml:15:37  this leaves the checkout
         15 |       - { run: x, workingDirectory: ../other }
            |                                     ^^^^^^^^ write a path relative to the checkout

      w.yaml:16:3  a job cannot be called "finally"
         16 |   finally:
            |   ^^^^^^^

      w.yaml:17:5  a job without a sweep has no checkout
         17 |     checkout: inPlace
            |     ^^^^^^^^ add \`sweep:\`, or leave this out

      w.yaml:18:21  git/commit works on a repository, and this job has no sweep
         18 |     steps: [{ uses: git/commit, with: { message: x } }]
            |                     ^^^^^^^^^^

      w.yaml:20:13  git/commit works on a repository, and steps under finally run without one
         20 |   - { uses: git/commit, with: { message: x } }
            |             ^^^^^^^^^^"
    `);
  });

  it("names every wrong expression at its characters, in every style of YAML text", () => {
    const text = `version: 1
name: w
inputs: { major: { type: integer, default: 1 }, title: { type: string, default: "" } }
jobs:
  once:
    outputs: { v: "\${{ steps.a.outputs.v }}" }
    steps: [{ id: a, run: "echo \${{ success() }}" }]
  all:
    needs: [once]
    sweep: { select: "name:\${{ inputs.title }}" }
    if: repo.dirty && needs.once.outputs.w == 'x'
    steps:
      - id: first
        if: "\${{ true }} && false"
        env: { A: "\\t\\u0041\${{ inputs.mayor }}", B: '''quoted'' \${{ github.sha }}' }
        run: |
          echo one
            echo \${{ steps.second.outputs.x }}
      - id: second
        run: >
          folded
          text \${{ inputs.title }}
          and \${{ repo.nme
      - run: [bash, -c, "echo \${{ inputs.title }}", "\${{ inputs.title }}"]
        if: secrets.X != ''
        workingDirectory: \${{ 1 +
          2 }}
  other:
    needs: [all]
    env: { T: "\${{ secrets.TOKEN }}" }
    steps:
      - { run: "echo hi", env: { A: "\${{ needs.all.outputs.x }}", B: "\${{ needs.once.targets.r.outputs.v }}", C: "\${{ secrets.TKEN }}" } }
      - { run: "echo hi", env: { A: "\${{ repo.name }}", B: "\${{ toJSON(secrets) }}", C: "\${{ needs.all.targets['r'].outputs.x }}" } }
`;
    expect(complain(text)).toMatchInlineSnapshot(`
      "w.yaml:7:37  success() can stand only in \`if\`
          7 |     steps: [{ id: a, run: "echo \${{ success() }}" }]
            |                                     ^^^^^^^

      w.yaml:10:32  a selector holds no expressions
         10 |     sweep: { select: "name:\${{ inputs.title }}" }
            |                                ^^^^^^^^^^^^

      w.yaml:11:9  repo.dirty cannot be named in the condition of a job: there is no checkout yet
         11 |     if: repo.dirty && needs.once.outputs.w == 'x'
            |         ^^^^^^^^^^ name it in a step, or in the outputs of the job

      w.yaml:11:42  job "once" has no output "w"
         11 |     if: repo.dirty && needs.once.outputs.w == 'x'
            |                                          ^ known: v

      w.yaml:14:14  text beside \${{ }} makes a condition that always holds
         14 |         if: "\${{ true }} && false"
            |              ^^^^^^^^^^^^^^^^^^^^ write the whole condition without \${{ }}

      w.yaml:15:39  unknown input "mayor"
         15 |         env: { A: "\\t\\u0041\${{ inputs.mayor }}", B: '''quoted'' \${{ github.sha }}' }
            |                                       ^^^^^ did you mean "major"?

      w.yaml:15:69  unknown context "github"
         15 |         env: { A: "\\t\\u0041\${{ inputs.mayor }}", B: '''quoted'' \${{ github.sha }}' }
            |                                                                     ^^^^^^ known: inputs, repo, run, job, steps, needs, env, secrets

      w.yaml:18:28  step "second" has not run yet here
         18 |             echo \${{ steps.second.outputs.x }}
            |                            ^^^^^^ only steps that stand before can be named

      w.yaml:23:15  this expression is not closed
         23 |           and \${{ repo.nme
            |               ^^^ write }} after it

      w.yaml:24:35  this value could carry shell syntax
         24 |       - run: [bash, -c, "echo \${{ inputs.title }}", "\${{ inputs.title }}"]
            |                                   ^^^^^^^^^^^^ write env: { TITLE: "\${{ inputs.title }}" } and use "$TITLE" here

      w.yaml:25:13  secrets cannot be named in the condition of a step
         25 |         if: secrets.X != ''
            |             ^^^^^^^^^ give it to the step that needs it: env: { TOKEN: "\${{ secrets.NAME }}" }

      w.yaml:26:33  unexpected symbol +
         26 |         workingDirectory: \${{ 1 +
            |                                 ^

      w.yaml:30:20  secrets cannot be named in the environment of a job
         30 |     env: { T: "\${{ secrets.TOKEN }}" }
            |                    ^^^^^^^^^^^^^ give it to the step that needs it: env: { TOKEN: "\${{ secrets.NAME }}" }

      w.yaml:32:52  job "all" has outputs for each of its repositories, and here is no repository
         32 |       - { run: "echo hi", env: { A: "\${{ needs.all.outputs.x }}", B: "\${{ needs.once.targets.r.outputs.v }}", C: "\${{ secrets.TKEN }}" } }
            |                                                    ^^^^^^^ write needs.all.targets['REPOSITORY'].outputs.x

      w.yaml:32:81  job "once" is not among the needs of this job
         32 |       - { run: "echo hi", env: { A: "\${{ needs.all.outputs.x }}", B: "\${{ needs.once.targets.r.outputs.v }}", C: "\${{ secrets.TKEN }}" } }
            |                                                                                 ^^^^ add it: needs: [all, once]

      w.yaml:32:127  unknown secret "TKEN"
         32 |       - { run: "echo hi", env: { A: "\${{ needs.all.outputs.x }}", B: "\${{ needs.once.targets.r.outputs.v }}", C: "\${{ secrets.TKEN }}" } }
            |                                                                                                                               ^^^^ did you mean "TOKEN"?; secrets are declared under \`secrets\` of mahavishnu.yaml

      w.yaml:33:42  repo cannot be named here: this job has no sweep, so it has no repository
         33 |       - { run: "echo hi", env: { A: "\${{ repo.name }}", B: "\${{ toJSON(secrets) }}", C: "\${{ needs.all.targets['r'].outputs.x }}" } }
            |                                          ^^^^^^^^^

      w.yaml:33:72  a secret is named by its own name
         33 |       - { run: "echo hi", env: { A: "\${{ repo.name }}", B: "\${{ toJSON(secrets) }}", C: "\${{ needs.all.targets['r'].outputs.x }}" } }
            |                                                                        ^^^^^^^ write secrets.NAME; a step is given only the secrets that it names

      w.yaml:33:125  job "all" has no output "x"
         33 |       - { run: "echo hi", env: { A: "\${{ repo.name }}", B: "\${{ toJSON(secrets) }}", C: "\${{ needs.all.targets['r'].outputs.x }}" } }
            |                                                                                                                             ^ declare it: outputs: { x: … }"
    `);
  });

  it("words that a program reads as code", () => {
    const text = `version: 1
name: w
inputs: { title: { type: string }, count: { type: integer } }
jobs:
  j:
    steps:
      - run: [ssh, host, "echo \${{ inputs.title }}", "\${{ inputs.count }}"]
      - run: [npm, exec, -c, "\${{ inputs.title }}"]
      - run: [awk, -v, "t=\${{ inputs.title }}", "{ print t }"]
`;
    expect(complain(text)).toMatchInlineSnapshot(`
      "w.yaml:7:36  ssh would read this value as code
          7 |       - run: [ssh, host, "echo \${{ inputs.title }}", "\${{ inputs.count }}"]
            |                                    ^^^^^^^^^^^^ take it from env: { TITLE: "\${{ inputs.title }}" } there, or give the input an enum

      w.yaml:8:35  this value could carry shell syntax
          8 |       - run: [npm, exec, -c, "\${{ inputs.title }}"]
            |                                   ^^^^^^^^^^^^ write env: { TITLE: "\${{ inputs.title }}" } and use "$TITLE" here"
    `);
  });

  it("a pattern that would take years to compare", () => {
    const text = (value: string): string => `version: 1
name: w
inputs: { a: { type: string, pattern: "^(a+)+$", ${value} } }
jobs: { j: { steps: [{ run: x }] } }
`;
    const years = "a".repeat(60) + "!";
    expect(complain(text(`default: "${years}"`))).toContain(
      "it takes too long to compare the values with the patterns",
    );
    const workflow = parseWorkflow({ file: "w.yaml", text: text("description: x"), actions });
    expect(resolveInputs(workflow, { a: "aaaa" })).toEqual({ a: "aaaa" });
    expect(() => resolveInputs(workflow, { a: years })).toThrow("it takes too long to compare");
  });

  it("no more than anybody reads, of a file where everything is wrong", () => {
    const jobs = (line: (n: number) => string): string => Array.from({ length: 3_000 }, (_, n) => line(n)).join("");
    const head = "version: 1\nname: w\njobs:\n";
    const needs = complain(`${head}${jobs((n) => `  j${n}: { needs: [zz${n}], steps: [{ run: x }] }\n`)}`);
    expect(needs.match(/unknown job/g)).toHaveLength(100);
    expect(needs).toContain("and at least 100 more problems in this file");
    expect(needs.length).toBeLessThan(100_000);
    const last = `finally: [${jobs((n) => `{ run: x, if: "needs.zz${n}.result" },`)}]\n`;
    expect(complain(`${head}${jobs((n) => `  j${n}: { steps: [{ run: x }] }\n`)}${last}`).length).toBeLessThan(100_000);
  });
});
