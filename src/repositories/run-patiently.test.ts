import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { git, makeFolder, makeRepository } from "../../test/support/git-fixture.ts";
import { runPatiently } from "./run-patiently.ts";

describe("runPatiently", () => {
  it("waits for a lock that another process holds for a moment", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    const lock = folder.join(".git/index.lock");
    writeFileSync(lock, "");
    writeFileSync(folder.join("new.txt"), "x");
    setTimeout(() => rmSync(lock), 120);
    await runPatiently({ folder: folder.path, args: ["add", "."] });
    expect(git(folder.path, "status", "--porcelain")).toBe("A  new.txt");
  });

  it("repeats nothing else, and stops waiting when it is told to", async () => {
    using folder = makeFolder();
    makeRepository(folder.path);
    await expect(runPatiently({ folder: folder.path, args: ["add", "none"] })).rejects.toMatchObject({
      failure: "exit",
    });
    writeFileSync(folder.join(".git/index.lock"), "");
    const signal = AbortSignal.timeout(200);
    await expect(runPatiently({ folder: folder.path, args: ["add", "."], signal })).rejects.toThrow(/abort/i);
  });
});
