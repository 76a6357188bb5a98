import { type BigIntStats, statSync } from "node:fs";
import { basename } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";

/** What tells one file from any other, also from one that has come to stand at its path. */
interface FileMark {
  readonly path: string;
  readonly mark: string;
}

/** The files of an open database as they were found when it was opened. */
export interface OpenFiles {
  /**
   * Refuses when another file, or none, stands where one of them stood: SQLite would go on writing into the one that it has open, where
   * nobody would find it again, and other processes would write into the other. Costs a few microseconds.
   *
   * @throws MahavishnuError STATE_UNREADABLE; once the same files are back it does not.
   */
  expectSame(): void;
}

/**
 * Remembers which files an open database consists of. To be called when it has been read for the first time: its log and the index of
 * that are there from then on, as long as anybody has it open.
 *
 * @example
 * const files = markOpenFiles("/srv/acme/.mahavishnu/state.db");
 * files.expectSame();
 */
export function markOpenFiles(file: string): OpenFiles {
  const marks = [file, `${file}-wal`, `${file}-shm`].map((path): FileMark => ({ path, mark: markOf(path) }));
  return {
    expectSame: () => {
      for (const { path, mark } of marks) if (markOf(path) !== mark) throw explainLoss(path);
    },
  };
}

function markOf(path: string): string {
  const stats = statOf(path);
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}`;
}

/** Undefined for what is not there, and for what cannot be come to. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function explainLoss(path: string): MahavishnuError {
  const name = basename(path);
  return statOf(path) === undefined
    ? new MahavishnuError("STATE_UNREADABLE", `${path} was moved away or removed while it is open`, {
        fix: `Put the same ${name} back, and this process goes on; without it, stop all servers and restore a backup.`,
      })
    : new MahavishnuError("STATE_UNREADABLE", `another file was put in the place of ${path} while it is open`, {
        fix: `Put the first ${name} back, and this process goes on; or restart all servers, to go on with the other.`,
      });
}
