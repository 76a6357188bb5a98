import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStage } from "../../test/support/suite-stage.ts";
import { openScratchSpace } from "./scratch.ts";
import { openStateSpace } from "./state-space.ts";

// Another disk than that of the temporary files, which the tests have on a real one.
const memory = "/dev/shm";

let root: string;
let stateFolder: string;
beforeEach(async () => {
  root = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), "mahavishnu-test-"));
  stateFolder = join(root, ".mahavishnu");
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function listed(): readonly string[] {
  return existsSync(stateFolder) ? readdirSync(stateFolder) : [];
}

describe("openStateSpace", () => {
  it("on the disk of the temporary files is their scratch space, and makes no folder of the state", async () => {
    const parent = await mkdtemp(join(tmpdir(), "state-test-"));
    await using usual = await openScratchSpace(parent);
    const space = await openStateSpace(join(parent, "made", ".mahavishnu"), async () => await Promise.resolve(usual));
    expect((await space.make("x")).folder.startsWith(usual.folder)).toBe(true);
    await space[Symbol.asyncDispose]();
    expect(existsSync(usual.folder)).toBe(true);
    await usual[Symbol.asyncDispose]();
    await rm(parent, { recursive: true });
  });

  it("says why when the state cannot be written", async () => {
    const usual = async (): Promise<never> => await Promise.reject(new Error("not asked"));
    await expect(openStateSpace("/dev/null/.mahavishnu", usual)).rejects.toThrow("/dev/null");
  });

  it("after kill -9 leaves nothing that the next suite does not remove", async () => {
    const script = `
      import { openStateSpace } from ${JSON.stringify(join(import.meta.dirname, "state-space.ts"))};
      import { openScratchSpace } from ${JSON.stringify(join(import.meta.dirname, "scratch.ts"))};
      const space = await openStateSpace(${JSON.stringify(stateFolder)}, async () => await openScratchSpace());
      await space.make("bw1");
      console.log("made");
      setInterval(() => {}, 1000);
    `;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const gone = once(holder, "exit");
    holder.kill("SIGKILL");
    await gone;
    expect(listed()).toHaveLength(existsSync(memory) ? 1 : 0);
    await using stage = await openStage(`state: { url: "sqlite:${join(stateFolder, "state.db")}" }\n`);
    await stage.context().scratch("any");
    expect(listed()).toEqual([]);
  });
});
