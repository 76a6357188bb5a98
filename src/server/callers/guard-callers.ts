import { hash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AuthenticationError } from "../../access/authentication-error.ts";
import { RecentMap } from "../../lib/recent-map.ts";
import { addressKey } from "./address-key.ts";
import type { CallerOf, IdentifiedCaller } from "./identify-caller.ts";
import { Lockouts } from "./lockouts.ts";
import { RateLimitedError } from "./rate-limited-error.ts";
import type { RefusalTrail } from "./refusal-trail.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** What stands before every route. */
export interface Guard {
  /**
   * Tells who asks, and counts the request against them.
   *
   * @throws MahavishnuError UNAUTHENTICATED, in the audit trail; RateLimitedError.
   */
  identify(request: FastifyRequest, reply: FastifyReply): Promise<IdentifiedCaller>;
  /** For routes without a token: counts the request against its address. @throws RateLimitedError */
  admitStranger(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** What a guard is made of. */
export interface GuardParts {
  readonly callerOf: CallerOf;
  readonly refusals: RefusalTrail;
  readonly requestsPerMinute: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

const maxGoodTokens = 4_096;

/** Makes the guard of a server: identity, rate and brute force. */
export function guardCallers({ callerOf, refusals, requestsPerMinute, now }: GuardParts): Guard {
  const buckets = new TokenBuckets(requestsPerMinute, now);
  const lockouts = new Lockouts(now);
  /** Who has worked here keeps on working while a neighbour behind the same address tries tokens. */
  const goodTokens = new RecentMap<string, true>(maxGoodTokens);

  const count = (reply: FastifyReply, key: string): void => {
    const { allowed, remaining, waitMs, fullMs } = buckets.take(key);
    reply.header("ratelimit-policy", `"minute";q=${requestsPerMinute};w=60`);
    reply.header("ratelimit", `"minute";r=${remaining};t=${Math.ceil(fullMs / 1000)}`);
    if (!allowed) throw new RateLimitedError("one caller has asked too often", waitMs);
  };

  const refuse = async (request: FastifyRequest, reply: FastifyReply, error: AuthenticationError): Promise<never> => {
    const address = addressKey(request.ip);
    // Without a token nobody tries one.
    if (request.headers.authorization !== undefined) lockouts.noteFailure(address);
    await refusals.note(request, error, error.reason);
    count(reply, `address ${address}`);
    throw error;
  };

  return {
    identify: async (request, reply) => {
      const { authorization, cookie } = request.headers;
      const shown = authorization ?? cookie;
      const mark = shown === undefined ? "" : hash("sha256", shown, "base64");
      const waitMs = lockouts.waitOf(addressKey(request.ip));
      if (waitMs > 0 && goodTokens.get(mark) === undefined) {
        await refusals.note(request, null, "too many tokens that do not count came from this address");
        throw new RateLimitedError("too many tokens that do not count came from your address", waitMs);
      }
      let caller: IdentifiedCaller;
      try {
        caller = await callerOf(request);
      } catch (error) {
        goodTokens.delete(mark);
        if (error instanceof AuthenticationError) return await refuse(request, reply, error);
        throw error;
      }
      if (mark !== "") goodTokens.set(mark, true);
      count(reply, `subject ${caller.subject.name}`);
      return caller;
    },
    admitStranger: async (request, reply) => count(reply, `address ${addressKey(request.ip)}`),
  };
}
