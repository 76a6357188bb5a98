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

/** What is wrong with what a channel was told of one workflow; nothing when all is well. */
function judgeTold(
  rule: AlertRule,
  { told, found, silences, book }: ReturnType<typeof live>,
  channel: string,
  workflow: string,
): string[] {
  const fingerprint = fingerprintOf(rule.name, "runs", { workflow });
  const heard = told.filter((one) => one.channel === channel && one.fingerprint === fingerprint);
  const problems: string[] = [];
  const demand = (isSo: boolean, what: string): void =>
    void (isSo || problems.push(`${channel} of ${workflow}: ${what}`));
  let before: Told | undefined;
  let lastFiring: number | undefined;
  for (const one of heard) {
    const has = (holds: boolean, waited: number): boolean =>
      found.some((f) => f.workflow === workflow && f.holds === holds && f.time + waited <= one.time);
    if (one.state === "resolved") {
      demand(before?.state === "firing", "resolved before it fired");
      demand(has(false, rule.groupWaitMs), "resolved without a reason, or too early");
    } else {
      // Told again is one that goes on, after the time that the rule says.
      const apart = before?.state === "firing" ? rule.repeatMs : leastApartMs;
      demand(lastFiring === undefined || one.time - lastFiring >= apart, "told again too soon");
      demand(has(true, rule.forMs), "fired without a reason, or too early");
      const isSilenced = silences.some(({ createdAt, until }) => createdAt < one.time && until > one.time);
      demand(workflow !== "a" || !isSilenced, "told although it was silenced");
      lastFiring = one.time;
    }
    before = one;
  }
  const row = book.alerts.find((alert) => alert.fingerprint === fingerprint);
  demand((row?.isTold ?? false) === (before?.state === "firing"), "the book does not know what receivers know");
  const last = found.findLast((one) => one.workflow === workflow);
  demand(
    (row !== undefined && row.state !== "resolved") === (last?.holds ?? false),
    "the book does not know how it is",
  );
  return problems;
}

describe("what is told of alerts, whatever happens", () => {
  it("fires before it is resolved, once each, with time in between; and the end is known to whoever knew of the begin", () => {
    fc.assert(
      fc.property(timing, fc.array(act, { maxLength: 60 }), (times, acts) => {
        const rule = ruleOf(times);
        const life = live(rule, acts);
        const { told } = life;
        expect(new Set(told.map(({ id, fingerprint, state }) => `${id} ${fingerprint} ${state}`)).size).toBe(
          told.length,
        );
        expect(new Set(told.map(({ id }) => id)).size).toBe(
          new Set(told.map(({ id, channel }) => `${id} ${channel}`)).size,
        );
        const workflows = ["a", "b", "c"];
        const problems = rule.notify.flatMap((channel) =>
          workflows.flatMap((workflow) => judgeTold(rule, life, channel, workflow)),
        );
        expect(problems).toEqual([]);
      }),
      { numRuns },
    );
  });

  it("is told in the end, when nothing more happens and nobody is silenced", () => {
    fc.assert(
      fc.property(timing, fc.array(act, { maxLength: 40 }), (times, acts) => {
        // What fires late waits for its group after that.
        const wait: Act = { kind: "wait", ms: 200_000 };
        const { told, book } = live(ruleOf(times), [...acts, wait, wait, { kind: "reopen" }]);
        const lastTold = (fingerprint: string): string =>
          told.findLast((one) => one.fingerprint === fingerprint)?.state ?? "resolved";
        expect(book.alerts.map(({ fingerprint }) => lastTold(fingerprint))).toEqual(
          book.alerts.map(({ state }) => state),
        );
      }),
      { numRuns },
    );
  });
});
