import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { type Instruments, noInstruments } from "./instruments.ts";
import type { JournalFollower } from "./journal-follower.ts";
import type { GaugePoint, MetricFamily, MetricSource } from "./metric-family.ts";
import { type MetricName, metricTable } from "./metric-table.ts";
import type { ProcessInstruments } from "./process-instruments.ts";
import { type ExpositionForm, renderExposition } from "./render-exposition.ts";

/** A source that takes longer than this is left out. */
const patienceMs = 3_000;

/** What the metrics of a server are read from. */
export interface MetricsParts {
  readonly follower: JournalFollower;
  readonly process: ProcessInstruments;
  readonly log: Log;
  /** Only tests have another one. */
  readonly patienceMs?: number;
}

/**
 * Everything that a server counts and measures. Whatever has gauges of its own adds itself as a source.
 *
 * @example
 * metrics.addSource({ name: "backups", collect: async () => [{ name: "mahavishnu_backups", labels: {}, value: 7 }] });
 * const text = await metrics.render("openmetrics");
 */
export class Metrics implements AsyncDisposable {
  readonly #parts: MetricsParts | null;
  readonly #sources: MetricSource[] = [];
  readonly #broken = new Set<string>();
  readonly #owned = new DisposableStack();
  #collecting: Promise<readonly MetricFamily[]> | undefined;

  /** @param parts null where nothing is counted: whoever counts need not know */
  constructor(parts: MetricsParts | null) {
    this.#parts = parts;
  }

  get isEnabled(): boolean {
    return this.#parts !== null;
  }

  /** Where the parts of the server tell what they do. */
  get instruments(): Instruments {
    return this.#parts?.process.instruments ?? noInstruments;
  }

  /** Adds gauges that are read each time somebody asks. */
  addSource(source: MetricSource): void {
    this.#sources.push(source);
  }

  /** Disposes of something together with this, before what it is counted with; gives it back. */
  own<T extends Disposable>(thing: T): T {
    return this.#owned.use(thing);
  }

  /** All metrics as text; empty where nothing is counted. Who asks at the same time gets what the same look gave. */
  async render(form: ExpositionForm): Promise<string> {
    this.#collecting ??= this.#collect().finally(() => (this.#collecting = undefined));
    return renderExposition(await this.#collecting, form);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#owned.dispose();
    await this.#parts?.follower[Symbol.asyncDispose]();
    await this.#parts?.process[Symbol.asyncDispose]();
  }

  async #collect(): Promise<readonly MetricFamily[]> {
    const parts = this.#parts;
    if (parts === null) return [];
    const { follower, process } = parts;
    const [journal, measured, ...gauges] = await Promise.all([
      this.#look("journal", async () => (await follower.read())?.families() ?? []),
      this.#look("process", async () => await process.collect()),
      ...this.#sources.map(async (source) => this.#look(source.name, async () => groupPoints(await source.collect()))),
    ]);
    return orderFamilies([...journal, ...measured, ...gauges.flat()]);
  }

  /** What one source gives; nothing when it fails or hangs, which is told once until it works again. */
  async #look(name: string, body: () => Promise<readonly MetricFamily[]>): Promise<readonly MetricFamily[]> {
    const { log, patienceMs: patience = patienceMs } = this.#parts as MetricsParts;
    const waiting = new AbortController();
    try {
      const late = delay(patience, undefined, { signal: waiting.signal, ref: false }).then(() => {
        throw new Error(`it gave nothing for ${patience / 1_000} s`);
      });
      const families = await Promise.race([body(), late]);
      if (this.#broken.delete(name)) log.info("metrics can be read again", { source: name });
      return families;
    } catch (error) {
      if (!this.#broken.has(name))
        log.warn("metrics cannot be read and are left out", { source: name, error: messageOf(error) });
      this.#broken.add(name);
      return [];
    } finally {
      waiting.abort();
    }
  }
}

/** Points of the same name together. @throws Error on a point that is in no table: it would have neither type nor help */
function groupPoints(points: readonly GaugePoint[]): MetricFamily[] {
  const families = new Map<MetricName, GaugePoint[]>();
  for (const point of points) {
    if (!Object.hasOwn(metricTable, point.name)) throw new Error(`there is no metric ${point.name}`);
    const known = families.get(point.name);
    if (known === undefined) families.set(point.name, [point]);
    else known.push(point);
  }
  return [...families].map(([name, its]) => ({ name, points: its }));
}

/** In the order of the table; of a metric that comes from two sources all points stand together, as both forms demand. */
function orderFamilies(families: readonly MetricFamily[]): MetricFamily[] {
  const names = Object.keys(metricTable) as MetricName[];
  return names.flatMap((name) => {
    const points = families.filter((family) => family.name === name).flatMap((family) => family.points);
    return points.length === 0 ? [] : [{ name, points }];
  });
}
