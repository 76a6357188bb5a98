import { describe, expect, it } from "vitest";
import { endAfter, Ending } from "./ending.ts";
import { Interruption, isStronger } from "./interruption.ts";

const cancel = new Interruption("cancel", "by hand", "local:dana");
const release = new Interruption("release", "the process goes");

describe("Ending", () => {
  it("tells everybody once, by the first reason", () => {
    const ending = new Ending();
    const told: string[] = [];
    ending.onEnd((why) => told.push(`one ${why.message}`));
    ending.onEnd((why) => told.push(`two ${why.message}`))();
    const { signal } = ending;
    expect([ending.why, signal.aborted]).toEqual([null, false]);
    expect(() => ending.throwIfEnded()).not.toThrow();
    ending.end(cancel);
    ending.end(release);
    ending.onEnd((why) => told.push(`late ${why.message}`));
    expect(told).toEqual(["one by hand", "late by hand"]);
    expect([ending.why, signal.aborted, signal.reason]).toEqual([cancel, true, cancel]);
    expect(new Ending().signal.aborted).toBe(false);
    expect(() => ending.throwIfEnded()).toThrow(cancel);
  });

  it("gives a signal that is aborted already when it is asked for late", () => {
    const ending = new Ending();
    ending.end(cancel);
    expect(ending.signal.reason).toBe(cancel);
  });
});

describe("endAfter", () => {
  it("ends work when its time is up, and not when the clock was stopped or the time cannot be counted", async () => {
    const [due, stopped, endless] = [new Ending(), new Ending(), new Ending()];
    endAfter(stopped, 5, () => "time")();
    endAfter(endless, 2 ** 31, () => "time");
    const why = await new Promise<Interruption>((resolve) => {
      due.onEnd(resolve);
      endAfter(due, 10, () => "timed out");
    });
    expect(why).toMatchObject({ kind: "timeout", message: "timed out", actor: "engine" });
    expect([stopped.why, endless.why]).toEqual([null, null]);
  });
});

describe("isStronger", () => {
  it("orders reasons by how little they let finish", () => {
    const timeout = new Interruption("timeout", "");
    const lost = new Interruption("lost", "");
    const order = [timeout, cancel, release, lost];
    const stronger = order.map((why) => order.filter((than) => isStronger(why, than)).length);
    expect(stronger).toEqual([0, 1, 2, 3]);
    expect(order.map((why) => isStronger(why, null))).toEqual([true, true, true, true]);
    expect(order.filter((why) => why.leaves)).toEqual([release, lost]);
  });
});
