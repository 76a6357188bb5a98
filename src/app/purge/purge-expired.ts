import type { Outputs } from "../../engine/contract.ts";
import { Pace } from "./pace.ts";
import { type PurgePart, toOutputs } from "./purge-parts.ts";

/** Removes deliveries, receipts, sessions and tokens that are over for long. */
export async function purgeExpired({ tools, context }: PurgePart): Promise<Outputs> {
  const pace = new Pace({ most: 2_000, signal: context.signal });
  const sum = { deliveries: 0, receipts: 0, sessions: 0, tokens: 0 };
  for (let hasMore = true; hasMore;) {
    hasMore = await pace.part(async (size) => {
      const gone = await tools.store.purgeExpired(size);
      for (const kind of ["deliveries", "receipts", "sessions", "tokens"] as const) sum[kind] += gone[kind];
      return Object.values(gone).some((count) => count >= size);
    });
  }
  return toOutputs(sum, [pace]);
}
