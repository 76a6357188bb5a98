import { describe, expect, it } from "vitest";
import { livingOwner, newRun, rowOf } from "../store/store-fixture.ts";
import { Ending } from "./ending.ts";
import { planOnce, Workspace } from "./engine-fixture.ts";
import { makeEvent } from "./events.ts";
import { Interruption } from "./interruption.ts";
import { makeJob } from "./plan-fixture.ts";
import { beginState, replay } from "./reduce.ts";
import { RunQueue } from "./run-queue.ts";
import { RunWriter } from "./run-writer.ts";

const telling = { time: 1, actor: "local:test", reason: "a test" };

describe("RunQueue", () => {
  it("asks for no run that somebody is about to cancel, even when a slot becomes free in that moment", async () => {
    await using workspace = new Workspace();
    const { store } = workspace;
    const owner = livingOwner();
    await store.heartbeat(owner, Date.now() + 60_000);
    await store.createRun(newRun("first", owner, { admitBelow: 1 }));
    const created = makeEvent("run.created", { plan: planOnce([makeJob("j", [])]) }, telling);
    const waiting = { ...newRun("second", owner, { admitBelow: 1 }), events: [created] };
    const { position, started } = await store.createRun(waiting);
    expect(started).toBe(false);

    const state = beginState("second", created);
    const writer = new RunWriter({
      state,
      journal: store,
      fence: 1,
      position,
      now: Date.now,
      observe: () => undefined,
    });
    const queue = new RunQueue(1);
    const ending = new Ending();
    const why = new Interruption("cancel", "cancelled by hand");
    // One transaction: there is no slot for the second run, and then the first one ends.
    const entered = queue.enter(writer, ending).catch((error: unknown) => error);
    const over = store.append("first", [], { expectedRunSeq: 2, fence: 1, row: rowOf("succeeded"), release: true });
    const cancelled = (async () => {
      using _reserved = await writer.reserve();
      writer.add("run.cancelling", { atOnce: false });
      ending.end(why);
      await writer.flush();
    })();
    // A slot may have become free: the run is asked for again as soon as it is refused.
    queue.lookAgain();
    await Promise.all([over, cancelled]);
    expect(await entered).toBe(why);
    expect(state.state).toBe("cancelling");
    expect(replay(await workspace.events("second"))).toEqual(state);
  });
});
