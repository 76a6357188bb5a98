import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Action, ActionError } from "./contract.ts";
import { execute, lives, planOnce, planSweep, statesOf, stepOf, targetOf, Workspace } from "./engine-fixture.ts";
import { makeJob, makeStep, makeUse } from "./plan-fixture.ts";
import type { RunState, StepState } from "./state.ts";

/** An action of these tests. */
function actionOf(run: Action["run"], name = "test/it"): Action {
  return { name, description: "", inputSchema: {}, needsRepository: false, run };
}

/** Executes one job of some steps and gives the run's state. */
async function runSteps(
  workspace: Workspace,
  steps: Parameters<typeof makeJob>[1],
  options: Parameters<Workspace["engine"]>[0] = {},
): Promise<RunState> {
  return await execute(workspace.engine(options), planOnce([makeJob("j", steps)]));
}

describe("steps of a target", { timeout: 60_000 }, () => {
  it("go on after a failure that is allowed, and see it as outcome, not as conclusion", async () => {
    await using workspace = new Workspace();
    const state = await runSteps(workspace, [
      makeStep("lint", "exit 1", { continueOnError: true }),
      makeStep("next", "echo ${{ steps.lint.outcome }} ${{ steps.lint.conclusion }} ${{ job.status }}"),
    ]);
    expect(state.state).toBe("succeeded");
    expect(stepOf(state, "j", "next").attempts[0]?.lastLine).toBe("failure success success");
  });

  it("run by their conditions: always() after a failure, failure() only then", async () => {
    await using workspace = new Workspace();
    const state = await runSteps(workspace, [
      makeStep("early", "true", { if: "failure()" }),
      makeStep("bad", "exit 1"),
      makeStep("plain"),
      makeStep("asked", "true", { if: "steps.bad.outcome == 'failure'" }),
      makeStep("saw", "true", { if: "failure() && steps.bad.outcome == 'failure'" }),
      makeStep("always", "echo ${{ job.status }}", { if: "always()" }),
    ]);
    expect(targetOf(state, "j").steps.map((step) => step.state)).toEqual([
      "skipped",
      "failed",
      "skipped",
      "skipped",
      "succeeded",
      "succeeded",
    ]);
    expect(stepOf(state, "j", "always").attempts[0]?.lastLine).toBe("failure");
    expect(stepOf(state, "j", "asked").reason).toBe("its condition is false: steps.bad.outcome == 'failure'");
  });

  it("skip the whole target when its job's condition is false, which counts as done", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b"].map((name) => workspace.repository(name));
    const job = makeJob("j", [makeStep("s")], { if: "repo.name == 'a'" });
    const state = await execute(workspace.engine(), planSweep([job], repositories));
    expect([state.state, statesOf(state)]).toEqual(["succeeded", { "j/a": "succeeded", "j/b": "skipped" }]);
    expect(targetOf(state, "j/b")).toMatchObject({
      skipped: "condition",
      cause: { reason: "its condition is false: repo.name == 'a'" },
    });
  });

  it("run a job that asks about failures after one that it needs has failed", async () => {
    await using workspace = new Workspace();
    const jobs = [
      makeJob("j", [makeStep("s", "exit 1")]),
      makeJob("k", [makeStep("s", "echo ${{ needs.j.result }}")], { needs: ["j"], if: "failure()" }),
    ];
    const state = await execute(workspace.engine(), planOnce(jobs));
    expect([state.state, statesOf(state)]).toEqual(["failed", { j: "failed", k: "succeeded" }]);
    expect(stepOf(state, "k", "s").attempts[0]?.lastLine).toBe("failure");
  });

  it("hand outputs on: from MAHAVISHNU_OUTPUT, from `outputs`, and to other jobs of the same repository", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b"].map((name) => workspace.repository(name));
    const make = makeStep("make", 'echo "version=1.$REPO_INDEX-$REPO_NAME" >> "$MAHAVISHNU_OUTPUT"', {
      outputs: { tag: "v${{ steps.make.outputs.version }}" },
    });
    const edit = makeJob("edit", [make, makeStep("use", "echo ${{ steps.make.outputs.tag }}")], {
      outputs: { tag: "${{ steps.make.outputs.tag }}" },
    });
    const ship = makeJob(
      "ship",
      [
        makeStep("s", 'echo "$OWN $OTHER"', {
          env: { OWN: "${{ needs.edit.outputs.tag }}", OTHER: "${{ needs.edit.targets['a'].outputs.tag }}" },
        }),
      ],
      { needs: ["edit"] },
    );
    const state = await execute(workspace.engine(), planSweep([edit, ship], repositories, { needs: { b: ["a"] } }));
    expect(state.state).toBe("succeeded");
    expect(stepOf(state, "edit/b", "use").attempts[0]?.lastLine).toBe("v1.0-b");
    expect(targetOf(state, "edit/a").outputs).toEqual({ tag: "v1.0-a" });
    expect(stepOf(state, "ship/b", "s").attempts[0]?.lastLine).toBe("v1.0-b v1.0-a");
    expect(readdirSync(workspace.path(".mahavishnu/runs", state.id, "edit/a"))).toEqual(["use.1.log"]);
  });

  it("fail on outputs that are no outputs, and on outputs that cannot be evaluated", async () => {
    await using workspace = new Workspace();
    const bad = await runSteps(workspace, [makeStep("s", 'echo "no outputs" > "$MAHAVISHNU_OUTPUT"')]);
    expect(targetOf(bad, "j").cause.reason).toBe('s: MAHAVISHNU_OUTPUT line 1: expected name=value, got "no outputs"');
    const wrong = await runSteps(workspace, [makeStep("s", "true", { outputs: { x: "${{ fromJSON('{') }}" } })]);
    expect(stepOf(wrong, "j", "s")).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^outputs: /) as string,
    });
    const jobs = [makeJob("j", [makeStep("s")], { outputs: { x: "${{ fromJSON('{') }}" } })];
    const last = await execute(workspace.engine(), planOnce(jobs));
    expect(targetOf(last, "j")).toMatchObject({
      state: "failed",
      cause: { reason: expect.stringMatching(/^outputs: /) as string },
    });
  });

  it("record an attempt that could not even begin", async () => {
    await using workspace = new Workspace();
    const gone = { ...workspace.repository("gone"), path: workspace.path("nowhere") };
    const state = await execute(workspace.engine(), planSweep([makeJob("j", [makeStep("s")])], [gone]));
    expect(targetOf(state, "j/gone").cause.reason).toBe(`gone: there is no folder ${workspace.path("nowhere")}`);
    const action = { kind: "run", command: "true", shell: "sh", workingDirectory: "../out" } as const;
    const outside = await runSteps(workspace, [makeStep("s", "", { action })]);
    expect(stepOf(outside, "j", "s")).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("leaves the checkout") as string,
    });
    expect(stepOf(outside, "j", "s").attempts).toMatchObject([
      { number: 1, failure: "exit", exitCode: null, process: null },
    ]);
  });

  it("stay in the checkout: a symbolic link in it leads no step out of it", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("r");
    for (const path of ["outside", "repos/r/sub"]) mkdirSync(workspace.path(path));
    const links = [
      ["out", workspace.path("outside")],
      ["gone", workspace.path("outside/not/there")],
      ["within", "sub"],
    ] as const;
    for (const [name, target] of links) symlinkSync(target, workspace.path("repos/r", name));
    // The checkout itself may well be reached by a link.
    symlinkSync(workspace.path("repos"), workspace.path("linked"));
    const linked = { ...repository, path: workspace.path("linked/r") };
    const attempt = async (workingDirectory: string): Promise<StepState> => {
      const action = { kind: "run", command: "pwd -P; touch made", shell: "sh", workingDirectory } as const;
      const job = makeJob("j", [makeStep("s", "", { action })]);
      return stepOf(await execute(workspace.engine(), planSweep([job], [linked])), "j/r", "s");
    };
    expect(await attempt("within")).toMatchObject({
      state: "succeeded",
      attempts: [{ lastLine: workspace.path("repos/r/sub") }],
    });
    for (const [name, target] of links.slice(0, 2)) {
      expect(await attempt(name)).toMatchObject({
        state: "failed",
        reason: `workingDirectory of step s leaves the checkout: ${name} leads to ${target}`,
      });
    }
    expect(await attempt("out/..")).toMatchObject({ state: "succeeded" });
    expect(readdirSync(workspace.path("outside"))).toEqual([]);
  });

  it("keep at most so many bytes of output, and say so", async () => {
    await using workspace = new Workspace();
    const state = await runSteps(workspace, [makeStep("s", "seq 1 100000")], { limits: { maxOutputBytes: 1_000 } });
    const [attempt] = stepOf(state, "j", "s").attempts;
    expect(attempt).toMatchObject({ state: "succeeded", lastLine: "100000", output: { truncated: true } });
    expect(workspace.read(".mahavishnu/runs", state.id, attempt?.output?.file ?? "")).toMatch(
      /^1\n2\n[^]{990,1000}\n\[587895 more bytes were dropped/,
    );
  });

  it("say which command there is not; what a command or a script says itself is left to it", async () => {
    await using workspace = new Workspace();
    const words = async (...command: string[]): Promise<StepState> => {
      const action = { kind: "run", command, shell: "sh" } as const;
      return stepOf(await runSteps(workspace, [makeStep("s", "", { action })]), "j", "s");
    };
    for (const name of ["no-such-command", "./no-such-file", "/"]) {
      const reason = name === "/" ? "exit 126" : `there is no command "${name}"`;
      expect(await words(name, "argument")).toMatchObject({ state: "failed", reason });
    }
    const [attempt] = (await words("no-such-command")).attempts;
    expect(attempt).toMatchObject({ exitCode: 127, failure: "exit", lastLine: null });
    expect(await words("sh", "-c", "no-such-command")).toMatchObject({ reason: "exit 127" });
    const script = await runSteps(workspace, [makeStep("s", "no-such-command")]);
    expect(stepOf(script, "j", "s")).toMatchObject({ reason: "exit 127" });
    const elsewhere = makeStep("s", "", {
      action: { kind: "run", command: ["git", "--version"], shell: "sh" },
      env: { PATH: workspace.folder },
    });
    expect(stepOf(await runSteps(workspace, [elsewhere]), "j", "s").reason).toBe('there is no command "git"');
  });

  it("leave nothing running behind them", async () => {
    await using workspace = new Workspace();
    const state = await runSteps(workspace, [makeStep("s", `sleep 300 & echo $! > ${workspace.path("pid")}`)]);
    const [attempt] = stepOf(state, "j", "s").attempts;
    expect(workspace.read(".mahavishnu/runs", state.id, attempt?.output?.file ?? "")).toBe(
      "[processes that the command left running were ended]\n",
    );
    expect(lives(Number(workspace.read("pid")))).toBe(false);
  });

  it("succeed although their output cannot be kept, which is told", async () => {
    await using workspace = new Workspace();
    const script = 'folder=$(dirname "$MAHAVISHNU_OUTPUT"); rm -rf "$folder"; touch "$folder"; echo lost';
    const state = await runSteps(workspace, [makeStep("s", script)]);
    expect(stepOf(state, "j", "s")).toMatchObject({
      state: "succeeded",
      reason: expect.stringMatching(/^exit 0; its output could not be kept: ENOTDIR/) as string,
    });
  });
});

describe("the environment of steps", { timeout: 60_000 }, () => {
  it("is what is handed on, then repository, job and step, and the engine's own names over all", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a", {
      env: { A: "repository", B: "repository", C: "repository" },
      role: "service",
      branch: "main",
      index: 3,
    });
    const step = makeStep("s", "env | sort", { env: { C: "step of ${{ env.B }}", MAHAVISHNU_RUN_ID: "forged" } });
    const job = makeJob("j", [step], { env: { B: "job ${{ repo.name }}", C: "job" } });
    const baseEnv = {
      PATH: process.env["PATH"] ?? "",
      TMPDIR: process.env["TMPDIR"] ?? "",
      A: "process",
      Z: "process",
    };
    const state = await execute(workspace.engine({ baseEnv }), planSweep([job], [repository]));
    const file = stepOf(state, "j/a", "s").attempts[0]?.output?.file ?? "";
    const names = new Set(["A", "B", "C", "Z", "MAHAVISHNU_IDEMPOTENCY_KEY", "MAHAVISHNU_OUTPUT", "MAHAVISHNU_RUN_ID"]);
    const lines = workspace.read(".mahavishnu/runs", state.id, file).split("\n");
    expect(lines.filter((line) => names.has(line.split("=")[0] ?? "") || /^(?:MAHAVISHNU|REPO)_/.test(line))).toEqual([
      "A=repository",
      "B=job a",
      "C=step of job a",
      `MAHAVISHNU_IDEMPOTENCY_KEY=${state.id}/j/a/s`,
      `MAHAVISHNU_OUTPUT=${workspace.path(".mahavishnu/runs", state.id, "j/a/s.1.outputs")}`,
      `MAHAVISHNU_RUN_ID=${state.id}`,
      "REPO_BRANCH=main",
      "REPO_COUNT=1",
      "REPO_INDEX=3",
      "REPO_NAME=a",
      `REPO_PATH=${repository.path}`,
      "REPO_ROLE=service",
      "Z=process",
    ]);
  });

  it("has a secret only in the step that names it, and nowhere in what is written down", async () => {
    await using workspace = new Workspace();
    const secret = "s3cr3t-hunter2";
    const use = makeStep(
      "use",
      'echo "got $TOKEN $(printf %s "$TOKEN" | base64)"; echo "token=$TOKEN" >> "$MAHAVISHNU_OUTPUT"',
      { secrets: ["TOKEN"], env: { TOKEN: "${{ secrets.TOKEN }}" } },
    );
    const state = await runSteps(
      workspace,
      [
        use,
        makeStep("other", 'echo "x ${TOKEN-none} ${{ steps.use.outputs.token }}"'),
        makeStep("bad", 'echo "$TOKEN" >> "$MAHAVISHNU_OUTPUT"', {
          ...use,
          id: "bad",
          action: { kind: "run", command: 'echo "$TOKEN" >> "$MAHAVISHNU_OUTPUT"', shell: "sh" },
          continueOnError: true,
        }),
        makeUse("fail", "test/it", {}, { continueOnError: true }),
        makeStep("unnamed", "true", { env: { TOKEN: "${{ secrets.TOKEN }}" } }),
      ],
      {
        secrets: { TOKEN: secret },
        actions: [
          actionOf((_, { log }) => {
            log(`action ${secret}`);
            throw new ActionError(`cannot use ${secret}`);
          }),
        ],
      },
    );
    expect(stepOf(state, "j", "use").attempts[0]?.lastLine).toBe("got *** ***");
    expect(stepOf(state, "j", "use").outputs).toEqual({ token: "***" });
    expect(stepOf(state, "j", "other").attempts[0]?.lastLine).toBe("x none ***");
    expect(stepOf(state, "j", "bad").reason).toBe('MAHAVISHNU_OUTPUT line 1: expected name=value, got "***"');
    expect(stepOf(state, "j", "fail")).toMatchObject({
      reason: "cannot use ***",
      attempts: [{ lastLine: "action ***" }],
    });
    // Not named, so not given: the text is empty.
    expect(stepOf(state, "j", "unnamed").state).toBe("succeeded");
    expect(JSON.stringify(await workspace.events(state.id))).not.toContain(secret);
    const logs = readdirSync(workspace.path(".mahavishnu"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const holding = logs.filter((entry) =>
      workspace.read(entry.parentPath.slice(workspace.folder.length), entry.name).includes(secret),
    );
    expect(holding.map((entry) => entry.name)).toEqual([]);
  });
});

describe("actions", { timeout: 60_000 }, () => {
  it("get their input, what they work on, and a log", async () => {
    await using workspace = new Workspace();
    const repository = workspace.repository("a");
    const seen: unknown[] = [];
    const action = actionOf(async (input, context) => {
      const { REPO_NAME, X } = await context.environment();
      seen.push(
        input,
        context.repository?.name,
        context.attempt,
        context.idempotencyKey.split("/").slice(1),
        REPO_NAME,
        X,
        context.signal.aborted,
      );
      seen.push(context.summary().targets.map(({ job, state }) => `${job} ${state}`));
      context.log("a line");
      return { x: "1" };
    });
    const steps = [
      makeUse(
        "u",
        "test/it",
        { n: "${{ 1 + 1 }}".replace("1 + 1", "fromJSON('2')"), list: ["${{ repo.name }}"] },
        { env: { X: "y" } },
      ),
      makeStep("s", "echo ${{ steps.u.outputs.x }}"),
    ];
    const state = await execute(
      workspace.engine({ actions: [action] }),
      planSweep([makeJob("j", steps)], [repository]),
    );
    expect(seen).toEqual([{ n: 2, list: ["a"] }, "a", 1, ["j", "a", "u"], "a", "y", false, ["j running"]]);
    expect(stepOf(state, "j/a", "u")).toMatchObject({
      state: "succeeded",
      reason: "done",
      attempts: [{ lastLine: "a line", exitCode: null }],
    });
    expect(stepOf(state, "j/a", "s").attempts[0]?.lastLine).toBe("1");
  });

  it("fail by class: what they say is an exit, everything else is the machine's; an expression is the workflow's", async () => {
    await using workspace = new Workspace();
    const actions = [
      actionOf(() => Promise.reject(new ActionError("said no")), "test/no"),
      actionOf(() => Promise.reject(new ActionError("try later", "infrastructure")), "test/later"),
      actionOf(() => {
        throw new TypeError("broken");
      }, "test/broken"),
    ];
    const steps = [
      ...["test/no", "test/later", "test/broken", "test/gone"].map((uses) =>
        makeUse(uses.slice(5), uses, {}, { continueOnError: true }),
      ),
      makeUse("text", "test/no", { x: "${{ fromJSON('{') }}" }),
    ];
    const state = await runSteps(workspace, steps, { actions });
    const failures = targetOf(state, "j").steps.map(({ id, reason, attempts }) => [
      id,
      attempts.at(-1)?.failure,
      reason,
    ]);
    expect(failures).toEqual([
      ["no", "exit", "said no"],
      ["later", "infrastructure", "try later"],
      ["broken", "infrastructure", "broken"],
      ["gone", "exit", "there is no action test/gone; mahavishnu was upgraded or an adapter is off"],
      ["text", "exit", expect.any(String)],
    ]);
  });
});
