import { createHash } from "node:crypto";
import type { Plan } from "../../engine/plan.ts";
import type { Step } from "../../workflows/types.ts";
import type { PurgeOrder } from "./purge-order.ts";

/** What a purge is called among runs, and the action that does it. No workflow of a user can have a name with a slash. */
export const purgeName = "mahavishnu/purge";

/** A purge of much takes long; it is cut into parts and can be cancelled between them. */
const timeoutMs = 24 * 3_600_000;

/** The run that does what an order says, a step for each kind of thing. The order is pinned: whoever goes on with it does the same. */
export function planPurge(order: PurgeOrder): Plan {
  const { at, runs, output, log, audit, expired } = order;
  const parts: readonly (readonly [part: string, rule: object | undefined])[] = [
    ["runs", runs],
    ["output", output],
    ["log", log],
    ["expired", expired ? {} : undefined],
    ["audit", audit],
  ];
  const steps = parts.flatMap(([part, rule]): Step[] => {
    if (rule === undefined) return [];
    const action = { kind: "uses", uses: purgeName, with: { part, at, rule } } as const;
    return [{ id: part, action, env: {}, continueOnError: false, outputs: {}, secrets: [] }];
  });
  const revision = createHash("sha256").update(JSON.stringify(order)).digest("hex").slice(0, 12);
  const job = { id: "purge", needs: [], checkout: "inPlace", env: {}, steps, outputs: {}, optional: false } as const;
  return {
    workflow: {
      name: purgeName,
      description: "Forgets what is older than retention says.",
      inputs: {},
      jobs: [job],
      finally: [],
      revision,
    },
    inputs: {},
    repositories: {},
    targets: [{ key: "purge", job: "purge", repository: null, after: [], timeoutMs }],
    runTimeoutMs: timeoutMs,
  };
}
