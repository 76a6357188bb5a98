import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { messageOf } from "../lib/errors.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { fetchJson } from "./fetch-json.ts";
import { readDiscovery } from "./read-discovery.ts";

/** How an issuer's keys are kept. Times in milliseconds. */
export interface IssuerKeyTimes {
  /** After this, they are asked for again while they go on to count. */
  readonly freshMs: number;
  /** After this without an answer from the issuer they count no more: it may have taken one back. */
  readonly staleMs: number;
  /** Between two questions, whatever tokens name. */
  readonly cooldownMs: number;
  readonly timeoutMs: number;
}

/** Ten minutes, a day, half a minute and five seconds. */
export const issuerKeyTimes: IssuerKeyTimes = {
  freshMs: 600_000,
  staleMs: 86_400_000,
  cooldownMs: 30_000,
  timeoutMs: 5_000,
};

const maxDocumentBytes = 256 * 1024;

/** The keys that an issuer publishes. */
export interface IssuerKeys extends Disposable {
  /** For jose: the key that a token names. Asks the issuer when the key is not known, and then not again for a while. */
  readonly getKey: JWTVerifyGetKey;
}

interface KnownKeys {
  readonly find: JWTVerifyGetKey;
  readonly readAt: number;
}

/**
 * Reads the issuer's discovery document and its keys, when the first token comes. While the issuer cannot be reached, the keys that
 * are known go on to count.
 */
export function createIssuerKeys(
  issuer: string,
  { now, times = issuerKeyTimes }: { readonly now: () => number; readonly times?: IssuerKeyTimes },
): IssuerKeys {
  const closing = new AbortController();
  const limits = { timeoutMs: times.timeoutMs, maxBytes: maxDocumentBytes, signal: closing.signal };
  let known: KnownKeys | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;
  let failure = "";

  const ask = async (): Promise<void> => {
    const readAt = now();
    try {
      const document = await readDiscovery(issuer, limits);
      const address = document["jwks_uri"];
      if (typeof address !== "string") throw new Error("its discovery document names no keys");
      const keys = await fetchJson(address, limits);
      known = { find: createLocalJWKSet(keys as JSONWebKeySet), readAt };
    } catch (error) {
      failure = messageOf(error);
    }
  };

  /** One question at a time, and none too soon after the last. Gives false when nothing was asked. */
  const askAgain = async (): Promise<boolean> => {
    if (asking === null) {
      if (now() - askedAt < times.cooldownMs) return false;
      askedAt = now();
      asking = ask().finally(() => {
        asking = null;
      });
    }
    await asking;
    return true;
  };

  const current = async (): Promise<KnownKeys> => {
    const age = known === null ? Number.POSITIVE_INFINITY : now() - known.readAt;
    if (age > times.staleMs) await askAgain();
    // Nobody waits for this, and what goes wrong is no matter until the keys are stale.
    else if (age > times.freshMs) void askAgain();
    if (known === null || now() - known.readAt > times.staleMs) {
      throw new AuthenticationError(`the keys of the issuer cannot be read: ${failure}`);
    }
    return known;
  };

  return {
    getKey: async (header, token) => {
      const keys = await current();
      try {
        return await keys.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(await askAgain())) throw error;
        return await (await current()).find(header, token);
      }
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}
