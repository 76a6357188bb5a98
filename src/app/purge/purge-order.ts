import type { Config } from "../../config/schema.ts";
import { type EndState, endStates, type Kept } from "./choose-kept.ts";

/** What one purge is to do: fixed when it is asked for, and the same for whoever goes on with it. Ages are milliseconds. */
export interface PurgeOrder {
  /** The moment from which ages are counted; milliseconds since 1970. */
  readonly at: number;
  /** States that are left out are not touched. */
  readonly runs: Readonly<Partial<Record<EndState, Kept>>>;
  /** What is left out of the following is not touched. */
  readonly output?: Kept;
  readonly log?: { readonly age: number; readonly bytes: number };
  readonly audit?: { readonly age: number };
  /** Whether what has expired goes: deliveries, receipts, sessions and tokens, each after a time of its own. */
  readonly expired: boolean;
}

/** What is asked for in place of what the configuration says. With any of it, only runs are purged. */
export interface PurgeWish {
  readonly states?: readonly EndState[];
  /** Milliseconds: runs that ended longer ago, however few there are. */
  readonly olderThanMs?: number;
}

/** No count keeps anything from staying. */
const noCount = Number.MAX_SAFE_INTEGER;

/**
 * What a purge is to do now.
 *
 * @example
 * readPurgeOrder(config.retention, { states: ["failed"], olderThanMs: 86_400_000 }, Date.now());
 */
export function readPurgeOrder(retention: Config["retention"], wish: PurgeWish, at: number): PurgeOrder {
  const { states, olderThanMs } = wish;
  const runs = Object.fromEntries(
    (states ?? endStates).map((state) => {
      const { age, count } = retention.runs[state];
      return [state, olderThanMs === undefined ? { age, count } : { age: olderThanMs, count: noCount }];
    }),
  );
  if (states !== undefined || olderThanMs !== undefined) return { at, runs, expired: false };
  const { output, log, audit } = retention;
  return {
    at,
    runs,
    output: { age: output.age, count: output.count },
    log: { age: log.age, bytes: log.bytes },
    ...(audit.age === undefined ? {} : { audit: { age: audit.age } }),
    expired: true,
  };
}
