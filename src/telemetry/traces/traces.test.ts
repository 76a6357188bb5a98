import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../../../test/support/otlp-receiver.ts";
import { begin, execute, planOnce, planSweep, until, Workspace } from "../../engine/engine-fixture.ts";
import { makeJob, makeStep } from "../../engine/plan-fixture.ts";
import type { Plan } from "../../engine/plan.ts";
import { startEngineProcess } from "../../engine/start-engine-process.ts";
import type { RunState } from "../../engine/state.ts";
import { silentLog } from "../../lib/log.ts";
import { formatTraceparent, spanIdOf, traceOfRun } from "../../lib/trace-context.ts";
import { openTraces } from "./open-traces.ts";

let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => receiver.answerWith(null));
afterAll(async () => await receiver[Symbol.asyncDispose]());

/** Executes a run with traces on and gives it when all its spans are sent. */
async function trace(workspace: Workspace, plan: Plan, ratio = 1): Promise<RunState> {
  await using traces = openTraces({ endpoint: receiver.endpoint, ratio, log: silentLog });
  return await execute(workspace.engine({ observe: traces.observe }), plan);
}

const spansOf = (runId: string): ReceivedSpan[] =>
  receiver.spans.filter(({ attributes }) => attributes["mahavishnu.run.id"] === runId);

/** Spans of the run itself, without calls. */
const partsOf = (runId: string): ReceivedSpan[] => spansOf(runId).filter(({ name }) => !/^(?:git|store) /.test(name));

/** Names, each under its parent's, in the order in which they began. */
function treeOf(spans: readonly ReceivedSpan[], parentId = "", depth = 0): string[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .toSorted((one, other) => one.start - other.start || one.name.localeCompare(other.name))
    .flatMap((span) => [
      `${"  ".repeat(depth)}${span.name}: ${String(span.attributes["mahavishnu.outcome"])}`,
      ...treeOf(spans, span.spanId, depth + 1),
    ]);
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans are called ${name}`);
  return span;
}

/** What must hold of every trace: one id each, one root, no parent that is missing, and parts that lie inside what they are parts of. */
function expectWhole(spans: readonly ReceivedSpan[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.filter(({ parentId }) => parentId === "")).toHaveLength(1);
  for (const span of spans) {
    if (span.parentId === "") continue;
    const parent = byId.get(span.parentId);
    expect(parent, `the parent of ${span.name}`).toBeDefined();
    if (parent === undefined) continue;
    expect(span.start, `${span.name} in ${parent.name}`).toBeGreaterThanOrEqual(parent.start);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    // What makes the end of something durable comes after it, and so does another round.
    const mayOutlive = /^(?:git|store|run) /.test(span.name);
    expect(mayOutlive || span.end <= parent.end, `${span.name} ends before ${parent.name}`).toBe(true);
  }
}

describe("the span tree of a run", { timeout: 60_000 }, () => {
  it("is run, job, target, step and attempt, with the journal's times", async () => {
    await using workspace = new Workspace();
    const steps = [
      makeStep("flaky", `test -e ${workspace.path("again")} || { touch ${workspace.path("again")}; exit 7; }`, {
        retry: { attempts: 2 },
      }),
      makeStep("never", "true", { if: "failure()" }),
    ];
    const repositories = [workspace.repository("alpha", { branch: "main" })];
    const jobs = [makeJob("edit", steps, { checkout: "worktree" })];
    const state = await trace(workspace, planSweep(jobs, repositories, { last: [makeStep("tell")] }));
    const { id } = state;
    const spans = partsOf(id);
    expectWhole(spansOf(id));
    expect(treeOf(spans)).toEqual([
      "run test: succeeded",
      "  job edit: succeeded",
      "    target edit/alpha: succeeded",
      "      step flaky: succeeded",
      "        attempt 1: failed",
      "        attempt 2: succeeded",
      "      step never: skipped",
      "  job finally: succeeded",
      "    target finally: succeeded",
      "      step tell: succeeded",
      "        attempt 1: succeeded",
    ]);
    const target = state.targets.get("edit/alpha");
    const [first, second] = target?.steps[0]?.attempts ?? [];
    const [one, two, step] = ["attempt 1", "attempt 2", "step flaky"].map((name) =>
      named(
        spans.filter(({ attributes }) => attributes["mahavishnu.target"] === "edit/alpha"),
        name,
      ),
    );
    expect([one?.start, one?.end, two?.start, two?.end]).toEqual([
      first?.startedAt,
      first?.endedAt,
      second?.startedAt,
      second?.endedAt,
    ]);
    expect([step?.start, step?.end]).toEqual([one?.start, two?.end]);
    expect([named(spans, "run test").start, named(spans, "run test").end]).toEqual([state.createdAt, state.endedAt]);
    expect(one).toMatchObject({
      traceId: traceOfRun(id, undefined).traceId,
      spanId: spanIdOf(id, "edit/alpha", "flaky", "1"),
      status: "STATUS_CODE_ERROR",
      message: expect.stringMatching(/^exit 7; attempt 2 of 2/) as string,
      kind: "SPAN_KIND_INTERNAL",
      attributes: {
        "mahavishnu.workflow": "test",
        "mahavishnu.target": "edit/alpha",
        "mahavishnu.job": "edit",
        "mahavishnu.repository": "alpha",
        "mahavishnu.step": "flaky",
        "mahavishnu.attempt": 1,
        "process.exit.code": 7,
        "error.type": "exit",
      },
      resource: { "service.name": "mahavishnu", "process.pid": process.pid },
    });
    expect(two).toMatchObject({ status: "STATUS_CODE_UNSET", attributes: { "process.exit.code": 0 } });
    expect(named(spans, "run test").attributes).toMatchObject({
      "mahavishnu.revision": "0123456789ab",
      "mahavishnu.actor": "local:test",
      "cicd.pipeline.result": "success",
    });
    expect(named(spans, "target edit/alpha").attributes).toMatchObject({ "vcs.ref.head.name": "main" });
    const worktree = named(spansOf(id), "git worktree add");
    expect(worktree.parentId).toBe(named(spans, "target edit/alpha").spanId);
    expect(worktree.attributes).toMatchObject({ "process.executable.name": "git" });
    // That an attempt begins is durable before it does anything.
    const commits = spansOf(id).filter(({ name }) => name === "store commit");
    expect(commits.map(({ parentId }) => parentId)).toEqual(
      expect.arrayContaining([one?.spanId, two?.spanId, named(spans, "run test").spanId]),
    );
    expect(commits[0]).toMatchObject({ kind: "SPAN_KIND_CLIENT", attributes: { "db.system.name": "sqlite" } });
  });

  it("says why something failed, was skipped or was cancelled, and hides secrets there", async () => {
    await using workspace = new Workspace();
    await using traces = openTraces({ endpoint: receiver.endpoint, ratio: 1, log: silentLog });
    const engine = workspace.engine({ observe: traces.observe, secrets: { TOKEN: "hunter22" } });
    const outputs = { told: "${{ fromJSON('hunter22') }}" };
    const failing = [
      makeJob("first", [makeStep("s", "true", { outputs })]),
      makeJob("second", [makeStep("s")], { needs: ["first"] }),
    ];
    const { id } = await execute(engine, planOnce(failing));
    const waiting = await begin(
      engine,
      planOnce([makeJob("j", [makeStep("s", "exit 1", { retry: { attempts: 2, firstMs: 60_000, maxMs: 60_000 } })])]),
    );
    await until(() => waiting.state.targets.get("j")?.steps[0]?.state === "waiting", "the pause");
    await waiting.cancel({ actor: "local:test", reason: "enough", atOnce: false });
    await waiting.done;
    await traces[Symbol.asyncDispose]();
    expectWhole(spansOf(id));
    expect(treeOf(partsOf(id))).toEqual([
      "run test: failed",
      "  job first: failed",
      "    target first: failed",
      "      step s: failed",
      "        attempt 1: failed",
      "  job second: skipped",
      "    target second: skipped",
    ]);
    const spans = partsOf(id);
    expect(named(spans, "attempt 1").message).toMatch(/^outputs: /);
    expect(JSON.stringify(receiver.spans)).not.toContain("hunter22");
    const skipped = named(spans, "target second");
    expect([skipped.end - skipped.start, skipped.status]).toEqual([0, "STATUS_CODE_UNSET"]);
    expect(skipped.attributes).toMatchObject({
      "mahavishnu.reason": "needs job first, which failed",
      "cicd.pipeline.task.run.result": "skip",
    });
    expectWhole(spansOf(waiting.runId));
    expect(treeOf(partsOf(waiting.runId))).toEqual([
      "run test: cancelled",
      "  job j: cancelled",
      "    target j: cancelled",
      "      step s: cancelled",
      "        attempt 1: failed",
    ]);
  });

  it("grows by a part of its own when the run is begun once more", async () => {
    await using workspace = new Workspace();
    await using traces = openTraces({ endpoint: receiver.endpoint, ratio: 1, log: silentLog });
    const engine = workspace.engine({ observe: traces.observe });
    const steps = [makeStep("good"), makeStep("bad", `test -e ${workspace.path("go")}`)];
    const { id } = await execute(
      engine,
      planOnce([makeJob("kept", [makeStep("s")]), makeJob("j", steps, { needs: ["kept"] })]),
    );
    workspace.write("go");
    const telling = { actor: "local:test", reason: "once more" };
    await (
      await engine.retry(id, {}, telling)
    ).done;
    await traces[Symbol.asyncDispose]();
    expectWhole(spansOf(id));
    expect(treeOf(partsOf(id))).toEqual([
      "run test: failed",
      "  job kept: succeeded",
      "    target kept: succeeded",
      "      step s: succeeded",
      "        attempt 1: succeeded",
      "  job j: failed",
      "    target j: failed",
      "      step good: succeeded",
      "        attempt 1: succeeded",
      "      step bad: failed",
      "        attempt 1: failed",
      "  run test: succeeded",
      "    job j: succeeded",
      "      target j: succeeded",
      "        step bad: succeeded",
      "          attempt 2: succeeded",
    ]);
  });

  it("goes on in the same trace when another process takes the run over after a kill", async () => {
    await using workspace = new Workspace();
    const wait = `echo $$ >> ${workspace.path("pid")}; until test -e ${workspace.path("go")}; do sleep 0.02; done`;
    const plan = planOnce([makeJob("j", [makeStep("before"), makeStep("wait", wait), makeStep("after")])]);
    await using other = await startEngineProcess(workspace, {}, receiver.endpoint);
    const id = await other.start(plan);
    await until(() => workspace.read("pid") !== "", "the step");
    await until(() => spansOf(id).some(({ name }) => name === "step before"), "the first spans");
    await other.kill();
    workspace.write("go");
    await using traces = openTraces({ endpoint: receiver.endpoint, ratio: 1, log: silentLog });
    const state = await (await workspace.engine({ observe: traces.observe }).resume(id)).done;
    await traces[Symbol.asyncDispose]();
    expect(state.state).toBe("succeeded");
    const spans = partsOf(id);
    expectWhole(spans);
    expect(treeOf(spans)).toEqual([
      "run test: succeeded",
      "  job j: succeeded",
      "    target j: succeeded",
      "      step before: succeeded",
      "        attempt 1: succeeded",
      "      step wait: succeeded",
      "        attempt 1: interrupted",
      "        attempt 2: succeeded",
      "      step after: succeeded",
      "        attempt 1: succeeded",
    ]);
    const pids = new Map(
      spans.map(({ name, attributes, resource }) => [
        `${String(attributes["mahavishnu.step"])} ${name}`,
        resource["process.pid"],
      ]),
    );
    expect([pids.get("before step before"), pids.get("wait attempt 1"), pids.get("undefined run test")]).toEqual([
      other.pid,
      process.pid,
      process.pid,
    ]);
  });

  it("is told of the part of the runs that is wanted, with all that belongs to it", async () => {
    await using workspace = new Workspace();
    const traces = openTraces({ endpoint: receiver.endpoint, ratio: 0.5, log: silentLog });
    const engine = workspace.engine({ observe: traces.observe });
    const plan = planOnce([makeJob("j", [makeStep("s")])]);
    const ids: string[] = [];
    while (ids.length < 4 || new Set(ids.map((id) => traceOfRun(id, undefined, 0.5).sampled)).size < 2) {
      ids.push((await execute(engine, plan)).id);
    }
    await traces[Symbol.asyncDispose]();
    for (const id of ids) {
      const { sampled } = traceOfRun(id, undefined, 0.5);
      expect([id, partsOf(id).length]).toEqual([id, sampled ? 5 : 0]);
      expect([id, spansOf(id).length > 5]).toEqual([id, sampled]);
    }
  });

  it("is named to the processes of an attempt, and is a part of the trace of whoever asked", async () => {
    await using workspace = new Workspace();
    await using traces = openTraces({ endpoint: receiver.endpoint, ratio: 0, log: silentLog });
    const engine = workspace.engine({ observe: traces.observe, traceRatio: 0 });
    const told = `echo "$TRACEPARENT" >> ${workspace.path("told")}; test -e ${workspace.path("again")} || { touch ${workspace.path("again")}; exit 1; }`;
    const plan = planOnce([makeJob("j", [makeStep("s", told, { retry: { attempts: 2 } })])]);
    const asked = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    const about = { plan, actor: "local:test", reason: "a test" };
    const { runId, handle } = await engine.start({
      ...about,
      traceparent: formatTraceparent({ ...asked, sampled: true }),
    });
    await handle?.done;
    // One of nobody's is not traced at this ratio, and its processes are told so.
    const other = await engine.start({ ...about, traceparent: "nonsense" });
    await other.handle?.done;
    await traces[Symbol.asyncDispose]();
    const spans = partsOf(runId);
    expect(named(spans, "run test")).toMatchObject({ traceId: asked.traceId, parentId: asked.spanId });
    expect(spansOf(runId).filter(({ traceId }) => traceId !== asked.traceId)).toEqual([]);
    const lines = workspace.read("told").trim().split("\n");
    expect(lines.slice(0, 2)).toEqual(
      ["attempt 1", "attempt 2"].map((name) => `00-${asked.traceId}-${named(spans, name).spanId}-01`),
    );
    const own = traceOfRun(other.runId, undefined, 0);
    expect(lines.slice(2)).toEqual([`00-${own.traceId}-${spanIdOf(other.runId, "j", "s", "1")}-00`]);
    expect(spansOf(other.runId)).toEqual([]);
  });
});
