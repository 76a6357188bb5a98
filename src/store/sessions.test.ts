import { describe, expect, it } from "vitest";
import type { NewSession } from "./session-contract.ts";
import { overKeptMs, sessionsPerSubject } from "./session-register.ts";
import { withStore } from "./store-fixture.ts";

const hour = 3_600_000;
const start = 1_700_000_000_000;

function sessionOf(n: number, parts: Partial<NewSession> = {}): NewSession {
  const names = { mark: `mark-${n}`, login: `login-${n}`, subject: "user:dana", groups: ["group:edge"] };
  const facts = { issuer: "https://id.example.test", createdFrom: "10.0.0.9", seal: "seal" };
  return { ...names, ...facts, createdAt: start + n, expiresAt: start + hour, ...parts };
}

describe("the register of sessions", () => {
  it("gives back what was written, and nothing for another mark", async () => {
    await withStore(async (store) => {
      expect(await store.addSession(sessionOf(1))).toBe(true);
      expect(await store.getSession("mark-1")).toEqual({ ...sessionOf(1), endedAt: null, usedAt: null });
      expect(await store.getSession("mark-2")).toBeNull();
    });
  });

  it("makes one session of a sign-in", async () => {
    await withStore(async (store) => {
      expect(await store.addSession(sessionOf(1))).toBe(true);
      expect(await store.addSession(sessionOf(2, { login: "login-1" }))).toBe(false);
      expect(await store.getSession("mark-2")).toBeNull();
      await store.endSession("mark-1", start + 5);
      expect(await store.addSession(sessionOf(3, { login: "login-1" }))).toBe(false);
    });
  });

  it("ends one, or all of a subject, once", async () => {
    await withStore(async (store) => {
      for (const n of [1, 2, 3]) await store.addSession(sessionOf(n));
      await store.addSession(sessionOf(4, { subject: "user:erin" }));
      expect(await store.endSession("mark-1", start + 10)).toBe(true);
      expect(await store.endSession("mark-1", start + 11)).toBe(false);
      expect(await store.endSessionsOf("user:dana", start + 12)).toBe(2);
      expect(await store.endSessionsOf("user:dana", start + 13)).toBe(0);
      const ends = await Promise.all([1, 2, 3, 4].map(async (n) => (await store.getSession(`mark-${n}`))?.endedAt));
      expect(ends).toEqual([start + 10, start + 12, start + 12, null]);
    });
  });

  it("ends the oldest of a subject above the bound, and nobody else's", async () => {
    await withStore(async (store) => {
      await store.addSession(sessionOf(0, { subject: "user:erin" }));
      for (let n = 1; n <= sessionsPerSubject + 2; n += 1) await store.addSession(sessionOf(n));
      const isOpen = async (n: number): Promise<boolean> => (await store.getSession(`mark-${n}`))?.endedAt === null;
      expect(await Promise.all([0, 1, 2, 3, sessionsPerSubject + 2].map(isOpen))).toEqual([
        true,
        false,
        false,
        true,
        true,
      ]);
    });
  });

  it("forgets what has been over for an hour", async () => {
    await withStore(async (store) => {
      await store.addSession(sessionOf(1, { expiresAt: start + 1_000 }));
      await store.addSession(sessionOf(2, { createdAt: start + overKeptMs }));
      expect(await store.getSession("mark-1")).not.toBeNull();
      await store.addSession(sessionOf(3, { createdAt: start + overKeptMs + 1_001 }));
      expect(await store.getSession("mark-1")).toBeNull();
      expect(await store.getSession("mark-2")).not.toBeNull();
    });
  });

  it("writes the last use once a minute", async () => {
    await withStore(async (store) => {
      await store.addSession(sessionOf(1));
      for (const time of [start, start + 59_999]) await store.noteSessionUse({ mark: "mark-1", time });
      expect((await store.getSession("mark-1"))?.usedAt).toBe(start);
      await store.noteSessionUse({ mark: "mark-1", time: start + 60_000 });
      expect((await store.getSession("mark-1"))?.usedAt).toBe(start + 60_000);
    });
  });
});
