import type { DatabaseSync } from "node:sqlite";
import type { GroupCommit } from "./group-commit.ts";

/** What every part of the store works with. */
export interface StoreParts {
  readonly db: DatabaseSync;
  readonly commits: GroupCommit;
  /** Reads with SQLite's errors explained. */
  read<T>(body: () => T): Promise<T>;
  now(): number;
}
