import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Store } from "../../store/contract.ts";
import { countedTypes, JournalCounts } from "./journal-counts.ts";

/** How often the journal is read by itself; whoever asks for the metrics has it read up to now. */
const lookMs = 1_000;
/** How often what was counted is kept. What is lost with a process is counted again from there. */
const keepMs = 10_000;
/** Events of any type looked at in one go: a few milliseconds in which nothing else happens. */
const partSize = 1_000;
/** Of a long journal as much is read at once as takes so long; then others have as much time. */
const mostAtOnceMs = 20;
/** Further than this the cursor does not stay behind, even if nothing was there to be counted. */
const mostBehind = 20_000;
/** The name of the projection in the store. */
const projectionName = "metrics";

/** What a follower works with. */
export interface FollowerOptions {
  readonly store: Pick<Store, "changeMark" | "findRuns" | "readFacts" | "readProjection" | "saveProjection">;
  readonly log: Log;
  /** Only tests have others. */
  readonly lookMs?: number;
  readonly keepMs?: number;
  readonly partSize?: number;
}

/** How far was counted. */
interface Counted {
  readonly counts: JournalCounts;
  seq: number;
}

/**
 * Counts what the journal tells, and keeps it in the store with the place up to which it was counted. Of several servers each counts
 * for itself and goes on from whatever was kept last, so that they come to the same.
 *
 * @example
 * await using follower = await JournalFollower.open({ store, log });
 * const counts = await follower.read();
 */
export class JournalFollower implements AsyncDisposable {
  readonly #options: FollowerOptions;
  readonly #stopping = new AbortController();
  #counted: Counted;
  /** The seq of what is kept; null when nothing is. */
  #kept: number | null;
  /** Whether there is anything in the counts that is not kept. */
  #isNew = false;
  #mark: string | undefined;
  #hasCaughtUp = false;
  /** One after the other: reading, and changing over to what another server has kept. */
  #work: Promise<void> = Promise.resolve();
  #reading: Promise<void> | undefined;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: FollowerOptions, counted: Counted, kept: number | null) {
    this.#options = options;
    this.#counted = counted;
    this.#kept = kept;
  }

  /** Goes on from what is kept, and begins to follow; a long journal is read in the background. */
  static async open(options: FollowerOptions): Promise<JournalFollower> {
    const { counted, kept } = await loadKept(options);
    const follower = new JournalFollower(options, counted, kept);
    follower.#loop = follower.#follow();
    return follower;
  }

  /**
   * What was counted up to now; null before the journal has been read to its end once, or when it cannot be read: half a count would
   * look like one. While so much is behind that it takes longer than `waitMs`, it is null too.
   */
  async read({ waitMs = 1_000 }: { readonly waitMs?: number } = {}): Promise<JournalCounts | null> {
    if (!this.#hasCaughtUp) return null;
    const late = delay(waitMs, false, { ref: false });
    const isRead = await Promise.race([this.#catchUp().then(() => true), late]);
    return isRead ? this.#counted.counts : null;
  }

  /** Keeps what was counted, and lets go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    try {
      await this.#keep();
    } catch (error) {
      this.#options.log.warn("counts of the journal could not be kept; they are counted again", {
        error: messageOf(error),
      });
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { log, keepMs: every = keepMs, lookMs: pause = lookMs } = this.#options;
    let keptAt = performance.now();
    let isBroken = false;
    while (!signal.aborted) {
      try {
        await this.#catchUp();
        if (performance.now() - keptAt >= every) {
          await this.#keep();
          keptAt = performance.now();
        }
        if (isBroken) log.info("the journal is counted again");
        isBroken = false;
      } catch (error) {
        if (!isBroken) log.warn("the journal cannot be counted", { error: messageOf(error) });
        isBroken = true;
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Reads the journal to its end; several that ask at once share it. */
  #catchUp(): Promise<void> {
    this.#reading ??= this.#oneByOne(async () => await this.#readOn()).finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    const mark = this.#options.store.changeMark();
    if (mark === this.#mark) return;
    const isNew = await readFrom(this.#counted, this.#options, this.#stopping.signal);
    this.#isNew ||= isNew;
    if (this.#stopping.signal.aborted) return;
    this.#mark = mark;
    this.#hasCaughtUp = true;
  }

  /** Keeps what was counted. When another server was quicker, it is gone on from what that one has kept. */
  async #keep(): Promise<void> {
    await this.#oneByOne(async () => {
      const { store } = this.#options;
      const { seq, counts } = this.#counted;
      if (!this.#isNew && seq - (this.#kept ?? 0) < mostBehind) return;
      if (await store.saveProjection(projectionName, this.#kept, { seq, body: counts.snapshot() })) {
        this.#kept = seq;
        this.#isNew = false;
        return;
      }
      const { counted, kept } = await loadKept(this.#options);
      // Changed over only when it has come as far: nobody is told less than before.
      this.#isNew = await readFrom(counted, this.#options, this.#stopping.signal);
      if (counted.seq < seq) return;
      this.#counted = counted;
      this.#kept = kept;
    });
  }

  async #oneByOne(body: () => Promise<void>): Promise<void> {
    const before = this.#work;
    const mine = before.then(body);
    this.#work = mine.catch(() => undefined);
    await mine;
  }
}

async function loadKept(
  options: FollowerOptions,
): Promise<{ readonly counted: Counted; readonly kept: number | null }> {
  const { store, log } = options;
  const projection = await store.readProjection(projectionName);
  if (projection === null) return { counted: { counts: new JournalCounts(), seq: 0 }, kept: null };
  const counts = JournalCounts.fromSnapshot(projection.body);
  if (counts === null) {
    log.warn("counts of another version are kept: the journal is counted anew");
    return { counted: { counts: new JournalCounts(), seq: 0 }, kept: projection.seq };
  }
  const { openRuns } = counts;
  const present = await store.findRuns(openRuns);
  counts.forget(openRuns.filter((runId) => !present.has(runId)));
  return { counted: { counts, seq: projection.seq }, kept: projection.seq };
}

/** Reads to the end, and gives way to others. True when anything was counted. */
async function readFrom(
  counted: Counted,
  { store, partSize: size = partSize }: FollowerOptions,
  signal: AbortSignal,
): Promise<boolean> {
  let isNew = false;
  let begin = performance.now();
  while (!signal.aborted) {
    const { facts, upTo } = await store.readFacts(counted.seq, countedTypes, size);
    if (upTo === counted.seq) break;
    for (const fact of facts) counted.counts.apply(fact);
    isNew ||= facts.length > 0;
    counted.seq = upTo;
    const worked = performance.now() - begin;
    if (worked < mostAtOnceMs) continue;
    await delay(worked);
    begin = performance.now();
  }
  return isNew;
}
