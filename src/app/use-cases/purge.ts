import type { Json } from "../../lib/json.ts";
import { runFoldersOf } from "../run-folders.ts";
import type { EndState } from "../purge/choose-kept.ts";
import { planPurge } from "../purge/plan-purge.ts";
import type { PurgePreview } from "../purge/preview-purge.ts";
import { type PurgeOrder, readPurgeOrder } from "../purge/purge-order.ts";
import { definePreparedUseCase } from "../use-case.ts";
import type { StartedRun } from "./start-run.ts";

/** What is to be purged; what the configuration says, of everything, when nothing is given. With any of it only runs are. */
export interface PurgeInput {
  /** Only runs that ended so. */
  readonly states?: readonly EndState[];
  /** Runs that ended longer ago, in milliseconds, in place of the ages and counts of the configuration. */
  readonly olderThanMs?: number;
}

/** `runs purge --dry-run`: says what a purge would do now. Who asks is in the trail, as who purges is. */
export const previewPurge = definePreparedUseCase<PurgeInput, PurgePreview, PurgeOrder>({
  name: "previewPurge",
  permission: "state:purge",
  writes: true,
  prepare: (context, input) => readPurgeOrder(context.loaded.config.retention, input, Date.now()),
  resource: () => ({ name: "state" }),
  run: async (context, order) => {
    const { previewPurge: preview } = await import("../purge/preview-purge.ts");
    const { paths } = context.loaded;
    const tools = { store: await context.history(), stateFolder: paths.stateFolder, ...runFoldersOf(paths) };
    return await preview(tools, order, context.signal);
  },
});

/** `runs purge`: begins a run that forgets what is older than retention says. */
export const startPurge = definePreparedUseCase<PurgeInput, StartedRun, PurgeOrder>({
  name: "startPurge",
  permission: "state:purge",
  writes: true,
  prepare: (context, input) => readPurgeOrder(context.loaded.config.retention, input, Date.now()),
  resource: () => ({ name: "state" }),
  changes: (order) => ({ before: null, after: describeOrder(order) }),
  run: async (context, order) => {
    const request = { plan: planPurge(order), actor: context.subject.name, reason: "purged by hand" };
    const { runId, handle } = await (await context.engine()).start(request);
    return { runId, handle, created: true, servers: null };
  },
});

/** What the trail says of it: what goes is in the entries that the run adds, step by step. */
function describeOrder({ at, runs, output, log, audit, expired }: PurgeOrder): Json {
  const rules = Object.entries(runs).map(([state, { age, count }]) => [state, { age, count }] as const);
  const parts = [
    ...(output === undefined ? [] : ["output"]),
    ...(log === undefined ? [] : ["log"]),
    ...(expired ? ["expired"] : []),
    ...(audit === undefined ? [] : ["audit"]),
  ];
  return { at: new Date(at).toISOString(), runs: Object.fromEntries(rules), parts };
}
