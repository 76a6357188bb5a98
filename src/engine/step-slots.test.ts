import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Owner, StepSlots as Answer } from "../store/contract.ts";
import { Ending } from "./ending.ts";
import { Interruption } from "./interruption.ts";
import { StepSlots } from "./step-slots.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const ownerOf = (id: string): Owner => ({ id, pid: 1, startTime: "1", bootId: "b" });

/** The store's book of slots, whose answers come when they are let. */
class Book {
  readonly rows = new Map<string, { held: number; wanted: number }>();
  readonly pending: (() => void)[] = [];
  asked = 0;
  broken = false;

  holdStepSlots(owner: Owner, slots: number, limit: number): Promise<Answer> {
    this.asked += 1;
    return new Promise((resolve, reject) => {
      this.pending.push(() => {
        if (this.broken) {
          reject(new Error("the disk is full"));
          return;
        }
        const others = [...this.rows]
          .filter(([id, row]) => id !== owner.id && row.held + row.wanted > 0)
          .map(([, row]) => row);
        const held = Math.max(0, Math.min(slots, limit - others.reduce((sum, row) => sum + row.held, 0)));
        this.rows.set(owner.id, { held, wanted: slots - held });
        resolve({ held, sharers: others.length + 1, starving: others.filter((row) => row.held === 0).length });
      });
    });
  }

  /** Lets all answers come, and what follows from them. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; idle += 1) {
      while (this.pending.length > 0) {
        this.pending.shift()?.();
        idle = 0;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe("StepSlots", () => {
  it("takes slots first come, first served, and asks the store only when it has too few", async () => {
    const book = new Book();
    const slots = new StepSlots(book, ownerOf("a"), 2);
    const taken: number[] = [];
    for (const n of [1, 2, 3]) void slots.take(new Ending()).then(() => taken.push(n));
    await book.settle();
    expect(taken).toEqual([1, 2]);
    expect(slots.takeNow()).toBe(false);
    const asked = book.asked;
    slots.give();
    await book.settle();
    expect(taken).toEqual([1, 2, 3]);
    slots.give();
    expect(slots.takeNow()).toBe(true);
    expect(book.asked).toBe(asked);
  });

  it("lets who waits go when the work ends", async () => {
    const book = new Book();
    const slots = new StepSlots(book, ownerOf("a"), 1);
    const ending = new Ending();
    await Promise.all([slots.take(new Ending()), book.settle()]);
    const waiting = slots.take(ending);
    ending.end(new Interruption("cancel", "by hand"));
    await expect(waiting).rejects.toThrow("by hand");
    await expect(slots.take(ending)).rejects.toThrow("by hand");
    slots.give();
    expect(slots.takeNow()).toBe(true);
  });

  it("fails those who wait when the store cannot be asked, instead of letting them wait for ever", async () => {
    const book = new Book();
    book.broken = true;
    const slots = new StepSlots(book, ownerOf("a"), 1);
    const all = Promise.allSettled([slots.take(new Ending()), slots.take(new Ending())]);
    await book.settle();
    expect((await all).map((result) => result.status)).toEqual(["rejected", "rejected"]);
  });

  it("shares with others who want slots, and takes all again when they have gone", async () => {
    const book = new Book();
    const [a, b] = [new StepSlots(book, ownerOf("a"), 4), new StepSlots(book, ownerOf("b"), 4)];
    let used = 0;
    for (let n = 0; n < 6; n += 1) void a.take(new Ending()).then(() => (used += 1));
    await book.settle();
    expect(used).toBe(4);
    let others = 0;
    for (let n = 0; n < 3; n += 1) void b.take(new Ending()).then(() => (others += 1));
    await book.settle();
    a.lookAgain();
    await book.settle();
    expect([used, others]).toEqual([4, 0]);
    for (let n = 0; n < 2; n += 1) {
      a.give();
      await book.settle();
      b.lookAgain();
      await book.settle();
    }
    expect([used, others]).toEqual([4, 2]);
    for (let n = 0; n < 2; n += 1) b.give();
    await book.settle();
    expect(others).toBe(3);
    b.give();
    b.letGo();
    await book.settle();
    a.lookAgain();
    await book.settle();
    expect(used).toBe(6);
  });

  it("takes turns when there are more owners than slots", async () => {
    const book = new Book();
    let time = 0;
    const make = (id: string): { slots: StepSlots; done: number } => ({
      slots: new StepSlots(book, ownerOf(id), 1, () => time),
      done: 0,
    });
    const owners = [make("a"), make("b")];
    for (const owner of owners) {
      for (let n = 0; n < 50; n += 1) {
        void owner.slots.take(new Ending()).then(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          time += 100;
          owner.done += 1;
          owner.slots.give();
        });
      }
    }
    const counts: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      await book.settle();
      time += 100;
      for (const { slots } of owners) slots.lookAgain();
      counts.push(owners.map(({ done }) => Math.round(done / 10)).join(" "));
    }
    // Neither waits until the other has nothing left to do.
    expect(counts.some((each) => /^[1-4] [1-4]$/.test(each))).toBe(true);
    expect(owners.map(({ done }) => done)).toEqual([50, 50]);
  });

  it("never lets all owners together use more than the limit, and never leaves a slot unused for ever", async () => {
    const actions = fc.array(
      fc.tuple(fc.nat(3), fc.constantFrom("take", "give", "look", "settle", "answer", "abort")),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 4 }), async (todo, limit) => {
        const book = new Book();
        const owners = ["a", "b", "c", "d"].map((id) => ({
          slots: new StepSlots(book, ownerOf(id), limit),
          used: 0,
          waiting: [] as Ending[],
        }));
        let most = 0;
        const count = (): void =>
          void (most = Math.max(
            most,
            owners.reduce((sum, { used }) => sum + used, 0),
          ));
        for (const [n, action] of todo) {
          const owner = owners[n] as (typeof owners)[number];
          if (action === "take") {
            const ending = new Ending();
            owner.waiting.push(ending);
            const done = (got: number) => (): void => {
              owner.waiting.splice(owner.waiting.indexOf(ending), 1);
              owner.used += got;
              count();
            };
            owner.slots.take(ending).then(done(1), done(0));
          } else if (action === "give" && owner.used > 0) {
            owner.used -= 1;
            owner.slots.give();
          } else if (action === "look") owner.slots.lookAgain();
          else if (action === "abort") owner.waiting[0]?.end(new Interruption("cancel", "x"));
          else if (action === "answer") book.pending.shift()?.();
          else if (action === "settle") await book.settle();
        }
        // From here on everybody gives back what it uses: all who wait must get their turn.
        for (let round = 0; round < 40 && owners.some(({ waiting }) => waiting.length > 0); round += 1) {
          for (const owner of owners) {
            for (; owner.used > 0; owner.used -= 1) owner.slots.give();
            owner.slots.lookAgain();
          }
          await book.settle();
        }
        expect(most).toBeLessThanOrEqual(limit);
        expect(owners.map(({ waiting }) => waiting.length)).toEqual([0, 0, 0, 0]);
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });
});
