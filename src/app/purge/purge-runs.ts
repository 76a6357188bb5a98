import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Outputs } from "../../engine/contract.ts";
import type { Plan } from "../../engine/plan.ts";
import { crashPoint } from "../../lib/crash-point.ts";
import { mapLimited } from "../../lib/semaphore.ts";
import type { EndedRun, PurgeBounds, PurgedRun } from "../../store/purge-contract.ts";
import { chooseRuns } from "./choose-kept.ts";
import { measureFolder } from "./measure-folder.ts";
import { Pace } from "./pace.ts";
import type { PurgeOrder } from "./purge-order.ts";
import { type PurgePart, type PurgeTools, toOutputs } from "./purge-parts.ts";
import { removeTrees } from "./remove-trees.ts";

/** Rows looked at in one go. */
const windowSize = 2_000;
/** Runs whose rows go in one transaction at most. */
const mostRuns = 200;
/** Events that go in one transaction at most. */
const mostEvents = 2_000;
/** Runs whose files go side by side. */
const filesAtOnce = 8;
/** What has happened longer ago is owed to nobody who follows the journal: webhooks are not told of it either. */
const owedMs = 7 * 86_400_000;

/** Runs that an order picks, the oldest first. */
export async function chooseFromStore(
  { store }: Pick<PurgeTools, "store">,
  { runs, at }: Pick<PurgeOrder, "runs" | "at">,
  { below, signal }: { readonly below: number; readonly signal: AbortSignal },
): Promise<EndedRun[]> {
  const found: EndedRun[] = [];
  for (let after = 0; ;) {
    signal.throwIfAborted();
    const part = await store.listPurgeable(after, windowSize);
    if (part.upTo === null) break;
    found.push(...part.runs);
    after = part.upTo;
    if (after >= below) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return chooseRuns(
    found.filter(({ position }) => position < below),
    runs,
    at,
  );
}

/**
 * Forgets runs: their rows first, in one transaction for a part of them, then trees, files and events of each. What an earlier purge has
 * left half done is done first.
 */
export async function purgeRuns(part: PurgePart, runs: PurgeOrder["runs"]): Promise<Outputs> {
  const { tools, context, at } = part;
  const { store } = tools;
  const { signal } = context;
  const sweep = new Sweep(part);
  for (let left = await store.listPurged(mostRuns); left.length > 0; left = await store.listPurged(mostRuns)) {
    for (const { id } of left) context.log(`${id}: goes on where an earlier purge ended`);
    await sweep.sweep(left);
  }
  const own = await store.getRun(context.runId);
  const bounds: PurgeBounds = {
    endedBefore: at,
    belowPosition: own?.position ?? 0,
    owedSince: at - owedMs,
  };
  const chosen = await chooseFromStore(tools, { runs, at }, { below: bounds.belowPosition, signal });
  const pace = new Pace({ most: mostRuns, signal });
  let events = 0;
  let gone = 0;
  for (let from = 0; from < chosen.length;) {
    const some = chosen.slice(from, from + pace.size);
    from += some.length;
    const purged = await pace.part(
      async () =>
        await store.purgeRuns(
          some.map(({ position }) => position),
          bounds,
        ),
    );
    crashPoint("purge.rowsGone");
    const ids = new Set(purged.map(({ id }) => id));
    for (const run of some) {
      if (!ids.has(run.id)) {
        context.log(`${run.id}: stays, since it goes on again, or a webhook or a count has not seen its end yet`);
        continue;
      }
      gone += 1;
      events += run.events;
      context.log(`${run.id}: ${run.state} ${new Date(run.endedAt).toISOString()}, ${run.events} events`);
    }
    await sweep.sweep(purged);
  }
  const { bytes, trees, treesWithWork } = sweep;
  const counts = { runs: gone, events, bytes, trees, treesWithWork, kept: chosen.length - gone };
  return toOutputs(counts, [pace, sweep.pace]);
}

/** Removes what runs have left whose rows are gone. */
class Sweep {
  readonly #part: PurgePart;
  readonly pace: Pace;
  bytes = 0;
  trees = 0;
  treesWithWork = 0;

  constructor(part: PurgePart) {
    this.#part = part;
    this.pace = new Pace({ most: mostEvents, signal: part.context.signal });
  }

  /** Events go last: the first of them is the plan, which says where trees are known. */
  async sweep(runs: readonly PurgedRun[]): Promise<void> {
    const { tools, context } = this.#part;
    await mapLimited(runs, filesAtOnce, async (run) => {
      context.signal.throwIfAborted();
      await this.#removeTrees(run);
      crashPoint("purge.treesGone");
      const folder = join(tools.runsFolder, run.id);
      const bytes = await measureFolder(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      this.bytes += bytes;
      crashPoint("purge.filesGone");
    });
    let rest: readonly number[] = runs.map(({ position }) => position);
    while (rest.length > 0) {
      let asked = 0;
      const removed = await this.pace.part(async (size) => {
        asked = size;
        return await tools.store.purgeEvents(rest, size);
      });
      crashPoint("purge.eventsGone");
      if (removed < asked) rest = [];
    }
  }

  async #removeTrees({ id, position }: PurgedRun): Promise<void> {
    const { tools, context } = this.#part;
    // Few runs keep a tree, and a plan can be large.
    if (!existsSync(join(tools.worktreesFolder, id))) return;
    const data = (await tools.store.readPurgedPlan(position)) as { readonly plan: Plan } | null;
    for (const { repository, hadWork, problem } of await removeTrees(tools, id, data?.plan ?? null)) {
      this.trees += 1;
      if (hadWork) this.treesWithWork += 1;
      const work = hadWork ? ", with work in it that is nowhere else" : "";
      context.log(`${id}: its tree of ${repository} is removed${work}`);
      if (problem !== null) context.log(`${id}: ${repository} itself was left alone: ${problem}`);
    }
  }
}
