import { describe, expect, it } from "vitest";
import { runCaptured } from "../../../test/support/capture-cli.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";

const files = {
  "mahavishnu.yaml": "version: 1\nauth: { enabled: false }\n",
  "repos.yaml": "version: 1\nrepos: { gateway: {} }\n",
};

describe("a selector that fits nothing", () => {
  it("is no mistake of a list, which says what is near, and stops a run", async () => {
    await withWorkspace(files, async (cwd) => {
      const lists = ["list", "list -o json", "graph"].map((words) => `repos ${words}`);
      for (const words of lists) {
        const { exitCode, stderr } = await runCaptured([...words.split(" "), "-s", "name:gatway"], { cwd });
        expect([exitCode, stderr]).toEqual([0, 'name:gatway fits no repository; did you mean "gateway"?\n']);
      }
      expect((await runCaptured(["repos", "list", "-s", "name:gate*"], { cwd })).stderr).toBe("");
      const run = await runCaptured(["exec", "-s", "name:gatway", "--", "true"], { cwd });
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('did you mean "gateway"?')]);
    });
  });
});
