import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type GitCall, gitCalls } from "../lib/calls.ts";
import { openGitBatch } from "./git-batch.ts";
import { gitVerbOf } from "./git-verb.ts";
import { runGit } from "./run-git.ts";

it("tells what a git command does, from a fixed list", () => {
  expect(gitVerbOf(["-c", "a=b", "commit", "--quiet"])).toBe("commit");
  expect(gitVerbOf(["worktree", "add", "--detach", "x"])).toBe("worktree add");
  expect(gitVerbOf(["worktree", "frobnicate"])).toBe("other");
  expect(gitVerbOf(["frobnicate"])).toBe("other");
  expect(gitVerbOf(["--version"])).toBe("other");
});

it("says on the channel of git what is called, also when it fails", async () => {
  const told: string[] = [];
  const handlers = {
    start: () => undefined,
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: ({ verb, folder }: GitCall) => void told.push(`${verb} ${folder}`),
    error: ({ verb }: GitCall) => void told.push(`${verb} fails`),
  };
  const folder = await mkdtemp(join(tmpdir(), "git-verb-"));
  await runGit({ folder, args: ["init", "--quiet"] });
  gitCalls.subscribe(handlers);
  try {
    await runGit({ folder, args: ["rev-parse", "--git-dir"] });
    await expect(runGit({ folder, args: ["rev-parse", "--verify", "nowhere"] })).rejects.toThrow(
      /nowhere|Needed a single revision/,
    );
    await using batch = openGitBatch({ args: ["version"], size: 1 });
    await batch.run(folder);
  } finally {
    gitCalls.unsubscribe(handlers);
  }
  await rm(folder, { recursive: true });
  expect(told).toEqual([`rev-parse ${folder}`, "rev-parse fails", `rev-parse ${folder}`, `version ${folder}`]);
  await runGit({ folder: tmpdir(), args: ["version"] });
  expect(told).toHaveLength(4);
});
