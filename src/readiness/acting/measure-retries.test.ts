import { describe, expect, it } from "vitest";
import { judgeWaits } from "./measure-retries.ts";
import type { EventLine } from "./run-document.ts";

const rule = { attempts: 3, backoff: "exponential", first: 100, max: 60_000 } as const;
const begin = Date.parse("2026-01-01T00:00:00Z");

/** What a step tells that fails twice; `shares` of the full waits, and how much later it began than was planned. */
function tell(target: string, shares: readonly [number, number], lateMs = 5): EventLine[] {
  const event = (type: string, at: number, data: object): EventLine => ({
    type,
    runId: "k3v9q0x2mf",
    time: new Date(begin + at).toISOString(),
    actor: "engine",
    reason: "told",
    data: { target, step: "try", ...data },
  });
  const [first, second] = [100 * shares[0], 200 * shares[1]];
  const again = first + lateMs;
  return [
    event("step.started", 0, { attempt: 1 }),
    event("step.finished", 0, { attempt: 1, state: "failed", retryAt: begin + first }),
    event("step.started", again, { attempt: 2 }),
    event("step.finished", again, { attempt: 2, state: "failed", retryAt: begin + again + second }),
    event("step.started", again + second + lateMs, { attempt: 3 }),
    event("step.finished", again + second + lateMs, { attempt: 3, state: "succeeded", retryAt: null }),
  ];
}

/** Four steps, each with waits of its own. */
function tellFour(shares: readonly (readonly [number, number])[], lateMs?: number): EventLine[] {
  return ["a", "b", "c", "d"].flatMap((target, at) => tell(target, shares[at % shares.length] ?? [1, 1], lateMs));
}

describe("judgeWaits", () => {
  it("takes waits that grow, with jitter", () => {
    const events = tellFour([
      [0.8, 0.9],
      [1, 0.75],
    ]);
    expect(judgeWaits(events, rule)).toEqual([85, 185, 105, 155, 85, 185, 105, 155]);
  });

  it.each([
    ["no jitter", tellFour([[1, 1]]), /no jitter/],
    ["a wait that is too short", tellFour([[0.5, 0.9]]), /is not the configured one/],
    ["a wait that is too long", tellFour([[0.9, 1.5]]), /is not the configured one/],
    ["an attempt that begins too early", tellFour([[0.9, 0.8]], -20), /did not begin when it was due/],
    ["an attempt that begins far too late", tellFour([[0.9, 0.8]], 60_000), /did not begin when it was due/],
    ["an attempt that never begins", tellFour([[0.9, 0.8]]).slice(0, -2), /was planned and never began/],
  ])("refutes %s", (_what, events, message) => {
    expect(() => judgeWaits(events, rule)).toThrow(message);
  });
});
