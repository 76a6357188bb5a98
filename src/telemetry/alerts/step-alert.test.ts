import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AlertBook, SilenceRow } from "../../store/alert-contract.ts";
import { AlertDraft } from "./alert-draft.ts";
import { alertSource, ruleOf } from "./alert-fixture.ts";
import type { AlertRule } from "./alert-rule.ts";
import { fingerprintOf, leastApartMs } from "./step-alert.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** Something that happens in the life of a rule. */
type Act =
  | { readonly kind: "found"; readonly workflow: string; readonly holds: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "silence"; readonly ms: number }
  /** The server is killed before it has written, or reads the book anew. */
  | { readonly kind: "crash" | "reopen" };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant("found" as const),
    workflow: fc.constantFrom("a", "b", "c"),
    holds: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 500, 5_000, 70_000, 7_200_000) }),
  fc.record({ kind: fc.constant("silence" as const), ms: fc.constantFrom(1_000, 100_000) }),
  fc.record({ kind: fc.constantFrom("crash" as const, "reopen" as const) }),
);

const timing = fc.record({
  forMs: fc.constantFrom(0, 2_000),
  groupWaitMs: fc.constantFrom(0, 3_000),
  repeatMs: fc.constantFrom(60_000, 3_600_000),
  notify: fc.constantFrom(["ops"], ["ops", "mail"]),
});

interface Told {
  readonly id: string;
  readonly channel: string;
  readonly time: number;
  readonly fingerprint: string;
  readonly state: "firing" | "resolved";
}

/** Lives through what happens, and says what was told. */
function live(rule: AlertRule, acts: readonly Act[]) {
  let now = 1_000_000;
  let book: AlertBook = { version: 1, seq: 0, alerts: [], rules: [], silences: [] };
  let draft = new AlertDraft(book, alertSource);
  const told: Told[] = [];
  /** When each thing held: what was found, in order. */
  const found: { readonly workflow: string; readonly holds: boolean; readonly time: number }[] = [];
  const silences: SilenceRow[] = [];
  const write = (): void => {
    const { messages } = draft;
    for (const { id, channel, time, alerts } of messages)
      for (const { fingerprint, state } of alerts) told.push({ id, channel, time, fingerprint, state });
    const { change } = draft.takeChange(0);
    const alerts = new Map(book.alerts.map((row) => [row.fingerprint, row]));
    for (const row of change.alerts) alerts.set(row.fingerprint, row);
    book = { ...book, version: book.version + 1, alerts: [...alerts.values()], silences: [...silences] };
    draft.markWritten();
  };
  for (const one of acts) {
    if (one.kind === "wait") now += one.ms;
    else if (one.kind === "silence") {
      silences.push({
        id: `s${silences.length}`,
        rule: rule.name,
        labels: { workflow: "a" },
        reason: "",
        createdAt: now,
        createdBy: "",
        until: now + one.ms,
      });
      book = { ...book, version: book.version + 1, silences: [...silences] };
      draft = new AlertDraft(book, alertSource);
    } else if (one.kind === "found") {
      const { workflow, holds } = one;
      found.push({ workflow, holds, time: now });
      const about = { workflow };
      const text = { summary: "", description: "" };
      draft.observe(rule, { source: "runs", about, holds, time: now, isOneMore: true, ...text }, now);
    } else if (one.kind === "reopen") draft = new AlertDraft(book, alertSource);
    // What was found and not written is found again.
    else {
      draft.settle([rule], now);
      draft = new AlertDraft(book, alertSource);
    }
    draft.settle([rule], now);
    write();
  }
  return { told, found, silences, book, end: now };
}

describe("what is told of alerts, whatever happens", () => {
  it("fires before it is resolved, once each, with time in between; and the end is known to whoever knew of the begin", () => {
    fc.assert(
      fc.property(timing, fc.array(act, { maxLength: 60 }), (times, acts) => {
        const rule = ruleOf(times);
        // In the end there is time enough for everything to be told, but for nothing to be repeated.
        const { told, found, silences, book } = live(rule, [...acts, { kind: "wait", ms: 0 }]);
        expect(new Set(told.map(({ id, fingerprint, state }) => `${id} ${fingerprint} ${state}`)).size).toBe(
          told.length,
        );
        const channelOfId = new Map(told.map(({ id, channel }) => [id, channel]));
        for (const { id, channel } of told) expect(channelOfId.get(id)).toBe(channel);
        for (const channel of rule.notify) {
          for (const workflow of ["a", "b", "c"]) {
            const fingerprint = fingerprintOf(rule.name, "runs", { workflow });
            const heard = told.filter((one) => one.channel === channel && one.fingerprint === fingerprint);
            let before: Told | undefined;
            let lastFiring: number | undefined;
            for (const one of heard) {
              if (one.state === "resolved") expect(before?.state).toBe("firing");
              // Told again is one that goes on, after the time that the rule says.
              else if (before?.state === "firing") expect(one.time - before.time).toBeGreaterThanOrEqual(rule.repeatMs);
              else if (lastFiring !== undefined) expect(one.time - lastFiring).toBeGreaterThanOrEqual(leastApartMs);
              if (one.state === "firing") {
                lastFiring = one.time;
                expect(
                  silences.some(
                    (silence) => workflow === "a" && silence.createdAt < one.time && silence.until > one.time,
                  ),
                ).toBe(false);
                expect(found.some((f) => f.workflow === workflow && f.holds && f.time + rule.forMs <= one.time)).toBe(
                  true,
                );
              } else {
                expect(
                  found.some((f) => f.workflow === workflow && !f.holds && f.time + rule.groupWaitMs <= one.time),
                ).toBe(true);
              }
              before = one;
            }
            // What the book says of what receivers know is so.
            const row = book.alerts.find((alert) => alert.fingerprint === fingerprint);
            expect(row?.isTold ?? false).toBe(before?.state === "firing");
            const last = found.findLast((one) => one.workflow === workflow);
            expect(row?.state === "firing" || row?.state === "pending").toBe(last?.holds ?? false);
          }
        }
      }),
      { numRuns },
    );
  });

  it("is told in the end, when nothing more happens and nobody is silenced", () => {
    fc.assert(
      fc.property(timing, fc.array(act, { maxLength: 40 }), (times, acts) => {
        const rule = ruleOf(times);
        // What fires late waits for its group after that.
        const wait: Act = { kind: "wait", ms: 200_000 };
        const quiet: Act[] = [wait, wait, { kind: "reopen" }];
        const { told, book } = live(rule, [...acts, ...quiet]);
        for (const row of book.alerts) {
          expect(row.state).not.toBe("pending");
          const last = told.findLast(({ fingerprint }) => fingerprint === row.fingerprint);
          if (row.state === "firing") expect(last?.state).toBe("firing");
          else expect(last?.state ?? "resolved").toBe("resolved");
        }
      }),
      { numRuns },
    );
  });
});
