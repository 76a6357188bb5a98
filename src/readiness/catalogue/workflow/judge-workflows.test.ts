import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStage } from "../../../../test/support/suite-stage.ts";
import { judgeWorkflows } from "./judge-workflows.ts";

const good = "version: 1\nname: good\njobs: { a: { steps: [{ run: 'true' }] } }\n";

describe("the static probe of WFX001", () => {
  it("is green on valid workflows, and without any", async () => {
    await using stage = await openStage("auth: { enabled: false }\n", { "workflows/good.yaml": good });
    expect(await judgeWorkflows(stage.context())).toEqual({ status: "pass", reason: "1 workflow can be run" });
    await rm(join(stage.workspace, "workflows"), { recursive: true });
    expect(await judgeWorkflows(stage.context())).toMatchObject({ status: "pass" });
  });

  it("is red for each file that is wrong, and stands in nobody's way", async () => {
    const files = { "workflows/good.yaml": good, "workflows/p.yaml": "jobs: 3\n", "workflows/q.yaml": "jobs: [\n" };
    await using stage = await openStage("auth: { enabled: false }\n", files);
    const outcome = await judgeWorkflows(stage.context());
    expect(outcome).toMatchObject({ status: "fail", goOn: true });
    expect(outcome.reason).toMatch(/workflows\/p\.yaml:1:.*workflows\/q\.yaml:\d/);
    expect(outcome.reason).not.toContain("good.yaml");
  });

  it("is red when the folder is a file", async () => {
    await using stage = await openStage("auth: { enabled: false }\n");
    await writeFile(join(stage.workspace, "workflows"), "");
    expect(await judgeWorkflows(stage.context())).toMatchObject({
      status: "fail",
      reason: "workflows: this is not a folder",
      goOn: true,
    });
  });
});
