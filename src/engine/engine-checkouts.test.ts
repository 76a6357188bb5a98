import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { begin, execute, git, planSweep, statesOf, stepOf, targetOf, until, Workspace } from "./engine-fixture.ts";
import { makeJob, makeStep, makeSweep } from "./plan-fixture.ts";
import type { Plan, PlannedRepository } from "./plan.ts";

const telling = { actor: "local:test", reason: "again" };
const treesOf = (repository: PlannedRepository): number => git(repository.path, "worktree", "list").split("\n").length;

/** Jobs `edit` and `ship` in one worktree of each repository. */
function planOf(
  repositories: readonly PlannedRepository[],
  edit: readonly string[],
  ship: readonly string[] = ["true"],
): Plan {
  const stepsOf = (scripts: readonly string[], prefix: string): ReturnType<typeof makeStep>[] =>
    scripts.map((script, n) => makeStep(`${prefix}${n + 1}`, script));
  const jobs = [
    makeJob("edit", stepsOf(edit, "e"), { checkout: "worktree" }),
    makeJob("ship", stepsOf(ship, "s"), { checkout: "worktree", needs: ["edit"] }),
  ];
  return planSweep(jobs, repositories);
}

describe("a worktree", { timeout: 60_000 }, () => {
  it("is made at the pinned commit, shared by the jobs of a repository, and removed when all have succeeded", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    writeFileSync(join(repository.path, "README.md"), "changed by hand\n");
    git(repository.path, "commit", "-qam", "later");
    const plan = planOf([repository], ["cat README.md; pwd; echo edited > new"], ['cat new; echo "$REPO_PATH"']);
    const state = await execute(workspace.engine(), plan);
    const folder = workspace.path(".mahavishnu/worktrees", state.id, "a");
    expect(state.state).toBe("succeeded");
    const logOf = (key: string, step: string): string =>
      workspace.read(".mahavishnu/runs", state.id, stepOf(state, key, step).attempts[0]?.output?.file ?? "");
    expect(logOf("edit/a", "e1")).toBe(`a\n${folder}\n`);
    expect(logOf("ship/a", "s1")).toBe(`edited\n${folder}\n`);
    expect([workspace.has(".mahavishnu/worktrees", state.id), treesOf(repository)]).toEqual([false, 1]);
    expect([workspace.has("repos/a/new"), git(repository.path, "status", "--porcelain")]).toEqual([false, ""]);
  });

  it("leaves its run's folder to those that come after it", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b", "c"].map((name) => workspace.repository(name));
    const look = `'${process.execPath}' -p 'fs.statSync("..").birthtimeMs'`;
    const job = makeJob("edit", [makeStep("look", look)], { checkout: "worktree" });
    const plan = planSweep([{ ...job, sweep: makeSweep({ maxParallel: 1 }) }], repositories);
    const state = await execute(workspace.engine(), plan);
    expect(state.state).toBe("succeeded");
    const seen = repositories.map(({ name }) => stepOf(state, `edit/${name}`, "look").attempts[0]?.lastLine);
    expect(new Set(seen).size).toBe(1);
    expect(workspace.has(".mahavishnu/worktrees", state.id)).toBe(false);
  });

  it("is kept after a failure, and a retry goes on in it at the failed step", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b"].map((name) => workspace.repository(name));
    const count = (name: string): string => `echo x >> ${workspace.path(name)}-$REPO_NAME`;
    const edit = [
      `${count("e1")}; echo one > one`,
      `${count("e2")}; test "$REPO_NAME" = b -o -e ${workspace.path("go")}; cat one`,
    ];
    const engine = workspace.engine();
    const state = await execute(engine, planOf(repositories, edit, ["cat one"]));
    expect([state.state, statesOf(state)]).toEqual([
      "partial",
      { "edit/a": "failed", "edit/b": "succeeded", "ship/a": "skipped", "ship/b": "succeeded" },
    ]);
    expect([
      workspace.has(".mahavishnu/worktrees", state.id, "a/one"),
      workspace.has(".mahavishnu/worktrees", state.id, "b"),
    ]).toEqual([true, false]);
    workspace.write("go");
    const again = await (await engine.retry(state.id, {}, telling)).done;
    expect([again.state, again.cause.reason]).toEqual(["succeeded", "every target succeeded"]);
    expect(["e1-a", "e2-a", "e1-b", "e2-b"].map((name) => workspace.read(name).length / 2)).toEqual([1, 2, 1, 1]);
    expect(stepOf(again, "edit/a", "e2").attempts.map((attempt) => attempt.state)).toEqual(["failed", "succeeded"]);
    expect(targetOf(again, "edit/a").round).toBe(2);
    expect([workspace.has(".mahavishnu/worktrees", state.id), ...repositories.map(treesOf)]).toEqual([false, 1, 1]);
  });

  it("is kept with what a failed first step and its user left in it", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const engine = workspace.engine();
    const state = await execute(engine, planOf([repository], ["touch begun; test -e fix.txt"], ["cat fix.txt begun"]));
    expect(statesOf(state)).toEqual({ "edit/a": "failed", "ship/a": "skipped" });
    workspace.write(`.mahavishnu/worktrees/${state.id}/a/fix.txt`, "by hand\n");
    const again = await (await engine.retry(state.id, {}, telling)).done;
    expect(again.state).toBe("succeeded");
    expect(stepOf(again, "ship/a", "s1").attempts[0]?.lastLine).toBe("by hand");
  });

  it("is kept when a killed git has left a lock in it, which goes once the step has been ended", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const [pipe, ready] = [workspace.path("pipe"), workspace.path("ready")];
    // Without a grace git has no time to remove its lock.
    const engine = workspace.engine({ limits: { graceMs: 0 } });
    const lock = "$(git rev-parse --git-path index.lock)";
    const hangs = `mkfifo ${pipe}; git update-index --add --stdin <> ${pipe} & until test -e ${lock}; do :; done; touch ${ready}; wait`;
    const plan = planOf(
      [repository],
      ["echo precious > one", `if test -e ${ready}; then git add one; else ${hangs}; fi`],
    );
    const handle = await begin(engine, plan);
    await until(() => workspace.has("ready"), "a git that holds the lock");
    await handle.cancel({ actor: "local:test", reason: "enough", atOnce: false });
    expect(statesOf(await handle.done)["edit/a"]).toBe("cancelled");
    const again = await (await engine.retry(handle.runId, {}, telling)).done;
    expect(statesOf(again)).toEqual({ "edit/a": "succeeded", "ship/a": "succeeded" });
    expect(stepOf(again, "edit/a", "e1").attempts).toHaveLength(1);

    const failed = await execute(engine, planOf([repository], ["echo precious > one", `: > ${lock}; exit 1`]));
    await (
      await engine.retry(failed.id, {}, telling)
    ).done;
    expect(workspace.read(".mahavishnu/worktrees", failed.id, "a/one")).toBe("precious\n");
  });

  it("is left as it is when git does not know it any more and steps have worked in it", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const engine = workspace.engine();
    const state = await execute(engine, planOf([repository], ["echo precious > one", "exit 1"]));
    rmSync(join(repository.path, ".git/worktrees"), { recursive: true });
    const again = await (await engine.retry(state.id, {}, telling)).done;
    expect(targetOf(again, "edit/a").cause.reason).toContain("what is in it was left as it is");
    expect(workspace.read(".mahavishnu/worktrees", state.id, "a/one")).toBe("precious\n");
    const third = await (await engine.retry(state.id, { fromStep: "e1" }, telling)).done;
    expect(stepOf(third, "edit/a", "e1").attempts).toHaveLength(2);
  });

  it("is made anew when its first step is done again, and then all jobs in it begin anew", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const edit = [`echo x >> ${workspace.path("e1")}; test ! -e old; touch old`, "true"];
    const plan = planOf([repository], edit, [`test -e old; test -e ${workspace.path("go")}`]);
    const engine = workspace.engine();
    const state = await execute(engine, plan);
    expect(statesOf(state)).toEqual({ "edit/a": "succeeded", "ship/a": "failed" });
    workspace.write("go");
    const again = await (await engine.retry(state.id, { repositories: ["a"], fromStep: "e1" }, telling)).done;
    expect([again.state, workspace.read("e1")]).toEqual(["succeeded", "x\nx\n"]);
    // All has succeeded, so the tree is gone: going on in the middle of it would work on other files than before.
    const third = await (await engine.retry(state.id, { repositories: ["a"], fromStep: "e2" }, telling)).done;
    expect(targetOf(third, "edit/a").cause.reason).toBe(
      "the worktree of a is gone, and with it what earlier steps did",
    );
    expect([third.state, treesOf(repository)]).toEqual(["failed", 1]);
    const fourth = await (await engine.retry(state.id, { repositories: ["a"], fromStep: "e1" }, telling)).done;
    expect([fourth.state, workspace.read("e1")]).toEqual(["succeeded", "x\nx\nx\n"]);
  });

  it("that somebody has removed is not replaced behind the steps' back", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const engine = workspace.engine();
    const state = await execute(engine, planOf([repository], ["touch one", "exit 1"]));
    rmSync(workspace.path(".mahavishnu/worktrees", state.id, "a"), { recursive: true });
    const again = await (await engine.retry(state.id, {}, telling)).done;
    expect(targetOf(again, "edit/a").cause.reason).toContain("the worktree of a is gone");
    expect(treesOf(repository)).toBe(1);
  });

  it("that cannot be removed fails nothing, and is told", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const plan = planOf([repository], ["true"], [`mv ${repository.path} ${repository.path}-moved`]);
    const state = await execute(workspace.engine(), plan);
    expect([state.state, state.cause.reason]).toEqual([
      "succeeded",
      "every target succeeded; the worktree of a could not be removed",
    ]);
    expect(workspace.has(".mahavishnu/worktrees", state.id, "a")).toBe(true);
  });

  it("cannot be made of a repository without commits, which is told at its target", async () => {
    await using workspace = new Workspace();
    const path = workspace.path("repos/empty");
    mkdirSync(path, { recursive: true });
    git(path, "init", "-q", "--template=");
    const empty = { ...workspace.repository("a"), name: "empty", path, base: null };
    const state = await execute(workspace.engine(), planOf([empty], ["true"]));
    expect(targetOf(state, "edit/empty").cause.reason).toBe("empty has no commit that a worktree could start from");
    expect(targetOf(state, "ship/empty").state).toBe("skipped");
  });
});

describe("inPlace", { timeout: 60_000 }, () => {
  it("works in the repository itself and leaves it as the steps did", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const job = makeJob("j", [
      makeStep("s", "pwd; touch new"),
      makeStep("dirty", 'echo "$DIRTY"', { env: { DIRTY: "${{ repo.dirty }}" } }),
    ]);
    const state = await execute(workspace.engine(), planSweep([job], [repository]));
    expect(stepOf(state, "j/a", "s").attempts[0]?.lastLine).toBe(repository.path);
    expect(stepOf(state, "j/a", "dirty").attempts[0]?.lastLine).toBe("true");
    expect([workspace.has("repos/a/new"), treesOf(repository)]).toEqual([true, 1]);
  });
});

describe("a repository that has come to lie outside the allowed folders", { timeout: 60_000 }, () => {
  const planFor = (workspace: Workspace, checkout: "worktree" | "inPlace"): Plan => {
    const real = workspace.repository("real");
    symlinkSync(real.path, workspace.path("a"));
    const steps = [makeStep("one"), makeStep("two", `test -e ${workspace.path("go")}; touch done`)];
    return planSweep([makeJob("j", steps, { checkout })], [{ ...real, name: "a", path: workspace.path("a") }]);
  };

  it.each(["worktree", "inPlace"] as const)("is not worked in again: %s", async (checkout) => {
    await using workspace = new Workspace();
    await using elsewhere = new Workspace();
    const engine = workspace.engine();
    const state = await execute(engine, planFor(workspace, checkout));
    expect(stepOf(state, "j/a", "two").state).toBe("failed");
    workspace.write("go");
    rmSync(workspace.path("a"));
    const outside = elsewhere.repository("a").path;
    symlinkSync(outside, workspace.path("a"));
    const again = await (await engine.retry(state.id, {}, telling)).done;
    const how = `a symbolic link in ${workspace.path("a")} leads to ${outside}, not under ${workspace.folder}`;
    expect(targetOf(again, "j/a").cause.reason).toBe(
      `a is outside the allowed folders: ${how}; nothing was done there`,
    );
    expect([elsewhere.has("repos/a/done"), treesOf({ path: outside } as PlannedRepository)]).toEqual([false, 1]);
    // The same when the folder stands where it was and the configuration allows less.
    rmSync(workspace.path("a"));
    symlinkSync(workspace.path("repos/real"), workspace.path("a"));
    const strict = workspace.engine({ allowedRoots: async () => [workspace.path("other")] });
    const third = await (await strict.retry(state.id, {}, telling)).done;
    expect(targetOf(third, "j/a").cause.reason).toContain(`its path is ${workspace.path("a")}, not under`);
    const fourth = await (await engine.retry(state.id, {}, telling)).done;
    expect(fourth.state).toBe("succeeded");
  });

  it("is not asked about while nobody can say which folders are allowed: the run stays as it is", async () => {
    await using workspace = new Workspace();
    const state = await execute(workspace.engine(), planFor(workspace, "worktree"));
    const blind = workspace.engine({ allowedRoots: () => Promise.reject(new Error("repos.yaml is broken")) });
    await expect(blind.retry(state.id, {}, telling)).rejects.toThrow("repos.yaml is broken");
    workspace.write("go");
    expect((await (await workspace.engine().retry(state.id, {}, telling)).done).state).toBe("succeeded");
  });
});

describe("a repository that is none", () => {
  it("is not worked in: git would take the one around it", async () => {
    await using workspace = new Workspace();
    const around = workspace.repository("around");
    const inner = (name: string): PlannedRepository => ({ ...around, name, path: join(around.path, name), base: null });
    const repositories = ["plain", "half"].map(inner);
    for (const { path } of repositories) mkdirSync(path);
    mkdirSync(join(around.path, "half/.git"));
    const job = makeJob("j", [makeStep("s", "git commit --allow-empty -m oops")]);
    const state = await execute(workspace.engine(), planSweep([job], repositories));
    for (const { name, path } of repositories) {
      const { state: ended, cause } = targetOf(state, `j/${name}`);
      expect([ended, cause.reason]).toEqual(["failed", `${name}: ${path} is not the top of a git working tree`]);
    }
    expect(git(around.path, "log", "--format=%s")).not.toContain("oops");
  });
});
