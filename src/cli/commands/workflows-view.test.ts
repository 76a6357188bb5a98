import { describe, expect, it } from "vitest";
import { UserFileError } from "../../lib/errors.ts";
import { describeWorkflowFile, judgeWorkflowFile } from "../../app/describe-workflow.ts";
import type { WorkflowList, WorkflowValidation } from "../../app/use-cases/workflows.ts";
import type { LoadedWorkflow } from "../../workflows/load-workflows.ts";
import { parseWorkflow } from "../../workflows/parse-workflow.ts";
import type { Look } from "../terminal/look.ts";
import { viewWorkflow, viewWorkflowList, viewWorkflowValidation } from "./workflows-view.ts";

const look: Look = { width: 100, colour: false, unicode: true };

const text = `version: 1
name: raise-node
description: Raise the Node floor and propose the change in every service
inputs:
  major: { type: integer, default: 24, description: the new floor }
  level: { enum: [low, high], default: low }
  title: { type: string }
jobs:
  edit:
    sweep: { select: "@tsServices", maxParallel: 6, onFailure: { mode: stop, abortAbove: 20% } }
    timeout: 15m
    steps:
      - { id: set, run: "npm pkg set engines.node='>=\${{ inputs.major }}'" }
      - { run: [npm, test], if: inputs.level == 'high' }
  ship:
    needs: edit
    sweep: {}
    optional: true
    if: needs.edit.result == 'success'
    steps: [{ name: commit it, uses: git/commit, with: { message: x } }]
finally:
  - { uses: report/summary }
`;

const load = (file: string, source: string): LoadedWorkflow => {
  try {
    const workflow = parseWorkflow({ file, text: source });
    return { file, name: workflow.name, workflow };
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    return { file, name: null, workflow: null, error };
  }
};

const good = load("workflows/raise-node.yaml", text);
const small = load(
  "workflows/audit.yaml",
  "version: 1\nname: audit\njobs: { look: { sweep: {}, steps: [{ run: x }] } }\n",
);
const bad = load(
  "workflows/bad.yaml",
  'version: 1\nname: bad\njobs:\n  a: { steps: [{ run: x, "tmeout\\e[2J": 1s }], need: b }\n',
);

const listOf = (...loaded: readonly LoadedWorkflow[]): WorkflowList => ({
  items: loaded.map(describeWorkflowFile),
  nextCursor: null,
});
const verdictOn = (...loaded: readonly LoadedWorkflow[]): WorkflowValidation => ({
  valid: loaded.every(({ workflow }) => workflow !== null),
  files: loaded.map(judgeWorkflowFile),
});

describe("viewWorkflowList", () => {
  it("shows what there is, and what is not valid, last", () => {
    const view = viewWorkflowList(listOf(small, bad, good), look);
    expect(view.isValid).toBe(false);
    expect(`\n${view.text.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      name        jobs       inputs                        description
      audit       look
      raise-node  edit ship  major=24 level="low" title=?  Raise the Node floor and propose the change in…

        not valid  workflows/bad.yaml:4:26  unknown key "tmeout\\x1b[2J" (and 1 more)
        see        mahavishnu workflows validate
      "
    `);
    expect(view.json).toMatchObject({
      items: [
        {
          name: "audit",
          file: "workflows/audit.yaml",
          valid: true,
          jobs: [{ id: "look", sweeps: true, steps: ["step1"] }],
        },
        { name: null, file: "workflows/bad.yaml", valid: false, problems: [{ line: 4 }, { line: 4 }] },
        { name: "raise-node", valid: true, inputs: { major: { default: 24 } } },
      ],
      nextCursor: null,
    });
  });

  it("says so when there is nothing", () => {
    expect(viewWorkflowList(listOf(), look)).toMatchObject({
      isValid: true,
      text: ["no workflows"],
      json: { items: [] },
    });
  });
});

describe("viewWorkflow", () => {
  it("shows inputs, jobs and steps", () => {
    if (good.workflow === null) throw good.error;
    const view = viewWorkflow(good.workflow, look);
    expect(`\n${view.text.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      raise-node  revision 0b56f32b2bc2
        Raise the Node floor and propose the change in every service

      inputs
        major  integer     24        the new floor
        level  low | high  "low"
        title  string      required

      edit  @tsServices, order: needs, 6 at a time, stops at the first failure, stops above 20 % failed, …
        set    npm pkg set engines.node='>=\${{ inputs.major }}'
        step2  npm test                                          if inputs.level == 'high'

      ship  all repositories, order: needs, each in its own worktree, after edit, optional
        if needs.edit.result == 'success'
        step1  commit it

      finally  once, whatever the outcome
        step1  report/summary
      "
    `);
    expect(view.json).toBe(good.workflow);
  });
});

describe("viewWorkflowValidation", () => {
  it("shows every wrong place and counts the files", () => {
    const broken = load("w.yaml", "version: 1\nname: w\njobs:\n  a: { steps: [{ run: x, timeot: 1s }], need: b }\n");
    const view = viewWorkflowValidation(verdictOn(good, broken));
    expect(view.isValid).toBe(false);
    expect(`\n${view.text.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      w.yaml:4:26  unknown key "timeot"
          4 |   a: { steps: [{ run: x, timeot: 1s }], need: b }
            |                          ^^^^^^ did you mean "timeout"?

      w.yaml:4:41  unknown key "need"
          4 |   a: { steps: [{ run: x, timeot: 1s }], need: b }
            |                                         ^^^^ did you mean "needs"?

      1 of 2 files are valid
      "
    `);
    expect(view.json).toMatchObject({
      valid: false,
      files: [
        { valid: true, problems: [] },
        { valid: false, problems: [{ line: 4 }, { line: 4 }] },
      ],
    });
  });

  it("lets nothing of a file act on the terminal", () => {
    expect(viewWorkflowValidation(verdictOn(bad)).text.join("\n")).not.toContain("\u001b");
    expect(viewWorkflowList(listOf(bad), look).text.join("\n")).not.toContain("\u001b");
  });

  it("is content with valid files, and with none", () => {
    expect(viewWorkflowValidation(verdictOn(good))).toMatchObject({ isValid: true, text: ["1 of 1 file is valid"] });
    expect(viewWorkflowValidation(verdictOn())).toMatchObject({
      isValid: true,
      text: ["there is no workflow to check"],
    });
  });
});
