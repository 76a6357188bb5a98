import { describe, expect, it } from "vitest";
import { exitCodeOf, type Interruption, type InterruptSignal, SignalInterrupts } from "./interrupts.ts";

function receiveAll(signals: readonly InterruptSignal[], claim: boolean): { seen: string[]; ended: number[] } {
  const ended: number[] = [];
  const seen: string[] = [];
  const interrupts = new SignalInterrupts((code) => void ended.push(code));
  if (claim) interrupts.subscribe(({ kind, signal }) => seen.push(`${kind} ${signal}`));
  for (const signal of signals) interrupts.receive(signal);
  return { seen, ended };
}

describe("SignalInterrupts", () => {
  it.each<[InterruptSignal[], string[], number[]]>([
    [["SIGINT"], ["cancel SIGINT"], []],
    [["SIGINT", "SIGINT"], ["cancel SIGINT", "cancelAtOnce SIGINT"], []],
    [["SIGINT", "SIGINT", "SIGINT"], ["cancel SIGINT", "cancelAtOnce SIGINT"], [130]],
    [["SIGTERM"], ["leave SIGTERM"], []],
    [["SIGHUP"], ["leave SIGHUP"], []],
    [["SIGTERM", "SIGTERM"], ["leave SIGTERM"], [143]],
    [["SIGTERM", "SIGINT"], ["leave SIGTERM"], [130]],
    [["SIGINT", "SIGTERM"], ["cancel SIGINT", "leave SIGTERM"], []],
  ])("turns %j into %j", (signals, seen, ended) => {
    expect(receiveAll(signals, true)).toEqual({ seen, ended });
  });

  it("ends the process at the first signal when no body listens", () => {
    expect(receiveAll(["SIGINT"], false)).toEqual({ seen: [], ended: [130] });
    expect(receiveAll(["SIGHUP"], false)).toEqual({ seen: [], ended: [143] });
  });

  it("aborts its signal with the interruption, and remembers the last", () => {
    const interrupts = new SignalInterrupts(() => {});
    const { signal } = interrupts;
    interrupts.receive("SIGINT");
    expect(signal.reason).toEqual({ kind: "cancel", signal: "SIGINT" } satisfies Interruption);
    interrupts.receive("SIGINT");
    expect(interrupts.last).toEqual({ kind: "cancelAtOnce", signal: "SIGINT" });
    expect(exitCodeOf({ kind: "leave", signal: "SIGHUP" })).toBe(143);
  });

  it("lets a body say that it was to be ended by a signal", () => {
    const interrupts = new SignalInterrupts(() => {});
    interrupts.receive("SIGTERM");
    expect(interrupts.isObeyed).toBe(false);
    interrupts.obey();
    expect(interrupts.isObeyed).toBe(true);
  });

  it("no longer calls a listener that was disposed of", () => {
    const interrupts = new SignalInterrupts(() => {});
    let calls = 0;
    {
      using _listening = interrupts.subscribe(() => void (calls += 1));
      interrupts.receive("SIGINT");
    }
    interrupts.receive("SIGINT");
    expect(calls).toBe(1);
  });
});
