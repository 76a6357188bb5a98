import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { canonicalJson } from "../lib/json.ts";
import type { Secret } from "../lib/secret.ts";
import type { NewSession, SessionRegister, SessionRow } from "../store/session-contract.ts";
import { AuthenticationError } from "./authentication-error.ts";
import type { SignedIn } from "./issuer-login.ts";
import type { Subject } from "./subject.ts";

/** What sessions are made of. */
export interface SessionParts {
  readonly store: SessionRegister;
  /** `auth.secret`. */
  readonly secret: Secret;
  /** The issuer whose word counts now. */
  readonly issuer: string;
  /** `auth.sessionTtl`, milliseconds. */
  readonly ttlMs: number;
  readonly now?: () => number;
}

/** A session that counts. */
export interface OpenSession {
  readonly subject: Subject;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The sessions of a workspace. */
export interface Sessions {
  /** Until when a session would last that begins now; milliseconds since 1970. */
  endOf(signedIn: SignedIn): number;
  /**
   * Begins a session.
   *
   * @param login tells the sign-in; it makes no second session
   * @throws AuthenticationError when it has made one already
   */
  begin(signedIn: SignedIn, login: string, from: string): Promise<{ readonly id: string; readonly expiresAt: number }>;
  /** Who shows the id of a session. @throws AuthenticationError when it does not count (any more). */
  authenticate(id: string): Promise<OpenSession>;
  /** Ends a session, in every server at once. */
  end(id: string): Promise<void>;
}

const form = /^[\w-]{43}$/;
const useNotedEveryMs = 60_000;

/**
 * Opens the sessions. The store knows an id by its HMAC under a key that HKDF makes from the secret, and a second HMAC binds the row to
 * it: whoever can read the database cannot show a session, and another secret ends all of them.
 */
export function openSessions({ store, secret, issuer, ttlMs, now = Date.now }: SessionParts): Sessions {
  const key = Buffer.from(hkdfSync("sha256", secret.reveal(), "", "mahavishnu session v1", 32));
  const sign = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");
  const markOf = (id: string): string => sign(`id ${id}`);
  const sealOf = (row: Omit<NewSession, "seal">): string => {
    const { mark, login, subject, groups, createdAt, expiresAt, createdFrom } = row;
    const whole = { mark, login, subject, groups, issuer: row.issuer, createdAt, expiresAt, createdFrom };
    return sign(`row ${canonicalJson(whole)}`);
  };
  const endOf = ({ expiresAt }: SignedIn): number => Math.min(expiresAt, now() + ttlMs);

  const findProblem = (row: SessionRow | null): string | null => {
    if (row === null) return "there is no such session";
    if (!isSame(row.seal, sealOf(row))) return "the session was changed in the store";
    const whose = `the session of ${row.subject}`;
    if (row.endedAt !== null) return `${whose} was ended`;
    if (now() >= row.expiresAt) return `${whose} has expired`;
    return row.issuer === issuer ? null : `${whose} is from an issuer that counts no more`;
  };

  return {
    endOf,
    begin: async (signedIn, login, from) => {
      const id = randomBytes(32).toString("base64url");
      const { name: subject, groups } = signedIn.subject;
      const times = { createdAt: now(), expiresAt: endOf(signedIn) };
      const row = {
        mark: markOf(id),
        login: sign(`login ${login}`),
        subject,
        groups,
        issuer,
        ...times,
        createdFrom: from,
      };
      if (await store.addSession({ ...row, seal: sealOf(row) })) return { id, expiresAt: row.expiresAt };
      throw new AuthenticationError(`${subject} has used this sign-in already`);
    },
    authenticate: async (id) => {
      if (!form.test(id)) throw new AuthenticationError("the cookie is no session's");
      const row = await store.getSession(markOf(id));
      const problem = findProblem(row);
      if (row === null || problem !== null) throw new AuthenticationError(problem ?? "there is no such session");
      if (now() - (row.usedAt ?? row.createdAt) >= useNotedEveryMs) {
        // When it was used last is good to know, and no reason to refuse a request.
        store.noteSessionUse({ mark: row.mark, time: now() }).catch(() => undefined);
      }
      return { subject: { name: row.subject, groups: row.groups }, expiresAt: row.expiresAt };
    },
    end: async (id) => {
      if (form.test(id)) await store.endSession(markOf(id), now());
    },
  };
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
