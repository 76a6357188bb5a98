import { type BigIntStats, statSync } from "node:fs";

/** A file that changed less than this before it was read may change again without a later time stamp. */
const stampMs = 100;

/** A pattern of an import, and what it matched. */
interface MatchedPattern {
  readonly match: () => Promise<readonly string[]>;
  readonly found: readonly string[];
}

/**
 * What a manifest was read from: its files, also those that were not there, and what the patterns of its imports matched. Whoever lives
 * long finds out with it whether the manifest has to be read again, without reading it.
 */
export class ManifestSources {
  readonly #files = new Map<string, string>();
  readonly #patterns: MatchedPattern[] = [];

  /** To be called before the file is read, so that no edit comes between. */
  addFile(path: string): void {
    this.#files.set(path, markOf(path, Date.now()));
  }

  addPattern(found: readonly string[], match: () => Promise<readonly string[]>): void {
    this.#patterns.push({ found, match });
  }

  /** Whether any of it is not what it was. Costs a few microseconds for each file, and a walk for each pattern. */
  async hasChanged(): Promise<boolean> {
    for (const [path, mark] of this.#files) if (markOf(path) !== mark) return true;
    for (const { found, match } of this.#patterns) {
      const now = await match();
      if (now.length !== found.length || now.some((path, index) => path !== found[index])) return true;
    }
    return false;
  }
}

/** Another text for another content; with the time of the look also for a content whose time stamp says nothing yet. */
function markOf(path: string, lookedAt?: number): string {
  const stats = statOf(path);
  if (stats === undefined) return "";
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const isFresh = lookedAt !== undefined && Number(ctimeNs / 1_000_000n) > lookedAt - stampMs;
  return `${isFresh ? "fresh " : ""}${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/** Undefined for what is not there, and for what cannot be come to. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
