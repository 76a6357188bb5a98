import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Outputs } from "../../engine/contract.ts";
import { crashPoint } from "../../lib/crash-point.ts";
import type { EndedRun } from "../../store/purge-contract.ts";
import { chooseGone, type Kept } from "./choose-kept.ts";
import { listNames, measureFolder } from "./measure-folder.ts";
import { Pace } from "./pace.ts";
import { type PurgePart, type PurgeTools, toOutputs } from "./purge-parts.ts";

/** Ids asked about in one go. */
const windowSize = 500;
const idForm = /^[0-9a-hjkmnp-tv-z]{10}$/;

/** Files of runs that may go. */
export interface ChosenOutput {
  /** Of runs that are over, the oldest first. */
  readonly runs: readonly EndedRun[];
  /** Folders of runs that nobody knows, and that nobody has touched for as long. */
  readonly strangers: readonly string[];
}

/** Looks which folders an order picks. What does not look like a run's folder is not ours. */
export async function chooseOutput(
  { store, runsFolder }: Pick<PurgeTools, "store" | "runsFolder">,
  rule: Kept,
  { at, signal }: { readonly at: number; readonly signal: AbortSignal },
): Promise<ChosenOutput> {
  const names = (await listNames(runsFolder)).filter((name) => idForm.test(name));
  const ended: EndedRun[] = [];
  const strangers: string[] = [];
  for (let from = 0; from < names.length; from += windowSize) {
    signal.throwIfAborted();
    const found = await store.sortRunIds(names.slice(from, from + windowSize));
    ended.push(...found.ended);
    for (const name of found.unknown) {
      const { mtimeMs } = await stat(join(runsFolder, name)).catch(() => ({ mtimeMs: at }));
      if (at - mtimeMs > rule.age) strangers.push(name);
    }
  }
  return { runs: chooseGone(ended, rule, at), strangers };
}

/** Removes what the steps of runs have written, and leaves the history of these. */
export async function purgeOutput(part: PurgePart, rule: Kept): Promise<Outputs> {
  const { tools, context, at } = part;
  const { store, runsFolder } = tools;
  const { signal } = context;
  const chosen = await chooseOutput(tools, rule, { at, signal });
  const pace = new Pace({ most: 50, signal });
  let bytes = 0;
  let runs = 0;
  const remove = async (id: string): Promise<void> => {
    bytes += await measureFolder(join(runsFolder, id));
    await rm(join(runsFolder, id), { recursive: true, force: true, maxRetries: 3 });
    crashPoint("purge.outputGone");
  };
  for (let from = 0; from < chosen.runs.length;) {
    from += await pace.part(async (size) => {
      const some = chosen.runs.slice(from, from + size);
      // Asked once more: somebody may have begun to retry one.
      const { ended } = await store.sortRunIds(some.map(({ id }) => id));
      for (const { id, endedAt } of ended) {
        if (endedAt >= at) continue;
        await remove(id);
        runs += 1;
        context.log(`${id}: its output is removed`);
      }
      return some.length;
    });
  }
  for (const id of chosen.strangers) {
    signal.throwIfAborted();
    await remove(id);
    context.log(`${id}: the files of a run that is not in the state are removed`);
  }
  return toOutputs({ runs, strangers: chosen.strangers.length, bytes }, [pace]);
}
