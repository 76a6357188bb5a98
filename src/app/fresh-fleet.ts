import { ManifestSources } from "../repositories/manifest-sources.ts";
import type { Fleet } from "../repositories/types.ts";

/** How the manifest was found. */
export interface FleetLook {
  /** The last one that could be read; null when none could. */
  readonly fleet: Fleet | null;
  /** What is wrong with the manifest as it is now; null when nothing is. */
  readonly problem: Error | null;
}

/** Whoever follows edits looks for them this often at most. */
const defaultLookAgainMs = 1_000;

/**
 * The fleet of a workspace. A command reads the manifest once and works with that; a server follows its edits. While what is there cannot
 * be read, the last fleet that could be stays.
 *
 * @example
 * const fresh = new FreshFleet((sources) => loadManifest({ file, sources }));
 * fresh.follow();
 * const { fleet, problem } = await fresh.look();
 */
export class FreshFleet {
  readonly #load: (sources: ManifestSources) => Promise<Fleet>;
  readonly #lookAgainMs: number;
  #sources: ManifestSources | undefined;
  #last: FleetLook = { fleet: null, problem: null };
  #looking: Promise<FleetLook> | undefined;
  #lookedAt = 0;
  #follows = false;

  constructor(load: (sources: ManifestSources) => Promise<Fleet>, lookAgainMs = defaultLookAgainMs) {
    this.#load = load;
    this.#lookAgainMs = lookAgainMs;
  }

  /** From now on edits of the manifest, and of what it imports, are seen. */
  follow(): void {
    this.#follows = true;
  }

  /** Never rejects: what is wrong is in what it gives. */
  look(): Promise<FleetLook> {
    if (this.#follows && performance.now() - this.#lookedAt >= this.#lookAgainMs) this.#looking = undefined;
    return (this.#looking ??= this.#lookNow());
  }

  async #lookNow(): Promise<FleetLook> {
    // One look at a time: the next one can begin when this one has ended.
    this.#lookedAt = Infinity;
    try {
      if (this.#sources !== undefined && !(await this.#sources.hasChanged())) return this.#last;
      this.#sources = new ManifestSources();
      this.#last = { fleet: await this.#load(this.#sources), problem: null };
    } catch (error) {
      this.#last = { fleet: this.#last.fleet, problem: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      this.#lookedAt = performance.now();
    }
    return this.#last;
  }
}

/** The last fleet that could be read. @throws what is wrong with the manifest when there is none. */
export function expectFleet({ fleet, problem }: FleetLook): Fleet {
  if (fleet !== null) return fleet;
  throw problem ?? new Error("the manifest was not read");
}

/** The fleet as the manifest says now. @throws what is wrong with it. */
export function expectCurrentFleet({ fleet, problem }: FleetLook): Fleet {
  if (problem !== null || fleet === null) throw problem ?? new Error("the manifest was not read");
  return fleet;
}
