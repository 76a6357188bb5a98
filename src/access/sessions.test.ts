import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../lib/secret.ts";
import type { SessionRegister } from "../store/session-contract.ts";
import { withStore } from "../store/store-fixture.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { testSecret } from "./authenticator-fixture.ts";
import { type LoginTicket, openTicket, sealTicket } from "./login-ticket.ts";
import { openSessions, type SessionParts, type Sessions } from "./sessions.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const hour = 3_600_000;
const start = 1_700_000_000_000;
const dana = { subject: { name: "user:dana", groups: ["group:edge"] }, expiresAt: start + hour };
let time = start;

function sessionsOf(store: SessionRegister, parts: Partial<SessionParts> = {}): Sessions {
  const issuer = "https://id.example.test";
  return openSessions({ store, secret: testSecret, issuer, ttlMs: 8 * hour, now: () => time, ...parts });
}

async function refusalOf(sessions: Sessions, id: string): Promise<string> {
  try {
    await sessions.authenticate(id);
    return "accepted";
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error;
    return error.reason;
  }
}

describe("a session", () => {
  it("says who has begun it, until the issuer's word or the configured time is over", async () => {
    await withStore(async (store) => {
      time = start;
      for (const [ttlMs, end] of [
        [8 * hour, start + hour],
        [60_000, start + 60_000],
      ] as const) {
        time = start;
        const sessions = sessionsOf(store, { ttlMs });
        const { id, expiresAt } = await sessions.begin(dana, `login-${ttlMs}`, "10.0.0.9");
        expect(expiresAt).toBe(end);
        time = end - 1;
        expect(await sessions.authenticate(id)).toEqual({ subject: dana.subject, expiresAt: end });
        time = end;
        expect(await refusalOf(sessions, id)).toBe("the session of user:dana has expired");
      }
    });
  });

  it("ends for another secret and for another issuer", async () => {
    await withStore(async (store) => {
      time = start;
      const { id } = await sessionsOf(store).begin(dana, "login", "10.0.0.9");
      const other = sessionsOf(store, { secret: new Secret("another secret, long enough to count too") });
      expect(await refusalOf(other, id)).toBe("there is no such session");
      const elsewhere = sessionsOf(store, { issuer: "https://other.example.test" });
      expect(await refusalOf(elsewhere, id)).toMatch(/issuer that counts no more/);
    });
  });

  it("is not made twice of one sign-in, and cannot be told from what the store holds", async () => {
    await withStore(async (store) => {
      time = start;
      const sessions = sessionsOf(store);
      const { id } = await sessions.begin(dana, "login", "10.0.0.9");
      await expect(sessions.begin(dana, "login", "10.0.0.9")).rejects.toThrow(AuthenticationError);
      const digest = createHash("sha256").update(id).digest("base64url");
      for (const mark of [id, digest]) expect(await store.getSession(mark)).toBeNull();
    });
  });

  it("does not count when somebody has written it into the store, or has changed it there", async () => {
    await withStore(async (store) => {
      time = start;
      const { id } = await sessionsOf(store).begin(dana, "login", "10.0.0.9");
      const changes = [
        { subject: "user:root" },
        { groups: ["group:admins"] },
        { expiresAt: start + 2 * hour },
        { seal: "x" },
      ];
      for (const change of changes) {
        const changed: SessionRegister = {
          ...store,
          getSession: async (mark) => {
            const row = await store.getSession(mark);
            return row === null ? null : { ...row, ...change };
          },
        };
        expect(await refusalOf(sessionsOf(changed), id)).toBe("the session was changed in the store");
      }
      expect(await refusalOf(sessionsOf(store), id)).toBe("accepted");
    });
  });
});

const ticket: LoginTicket = {
  state: "s".repeat(43),
  nonce: "n".repeat(43),
  verifier: "v".repeat(43),
  redirectUri: "https://ops.example.test/login/callback",
  to: "/v1/runs",
  expiresAt: start + 600_000,
};

describe("a ticket of a sign-in", () => {
  it("opens with the secret alone, and until it expires", () => {
    const sealed = sealTicket(testSecret, ticket);
    expect(sealed).not.toBe(sealTicket(testSecret, ticket));
    expect(openTicket(testSecret, sealed, start)).toEqual(ticket);
    expect(openTicket(testSecret, sealed, ticket.expiresAt)).toBeNull();
    expect(openTicket(new Secret("another secret, long enough to count too"), sealed, start)).toBeNull();
  });

  it("does not open when any of it was changed, and nothing else opens", () => {
    const bytes = Buffer.from(sealTicket(testSecret, ticket), "base64url");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bits;
        expect(openTicket(testSecret, changed.toString("base64url"), start)).toBeNull();
      }),
      { numRuns },
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(openTicket(testSecret, text, start)).toBeNull();
      }),
      { numRuns },
    );
  });
});
