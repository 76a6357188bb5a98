/** A backup that was made, or tried. */
export interface BackupRow {
  readonly id: string;
  /** Absolute path of its file. */
  readonly file: string;
  /** Milliseconds since 1970 of the moment that it shows. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** `good` when it was verified; `removed` when it was good and its time is over. */
  readonly state: "making" | "good" | "failed" | "removed";
  readonly bytes: number | null;
  /** Why it failed. */
  readonly error: string | null;
  /** Whether a server made it by its schedule. */
  readonly scheduled: boolean;
}

/** A backup that begins. */
export interface NewBackup extends Pick<BackupRow, "id" | "file" | "createdAt" | "scheduled"> {
  /** The process that makes it. */
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** How a backup ended. */
export type BackupEnd =
  | { readonly state: "good"; readonly bytes: number }
  | { readonly state: "failed"; readonly error: string };

/** Which backups there are; the files themselves lie where the configuration says. */
export interface BackupRegister {
  /**
   * Records that a backup begins.
   *
   * @param noneSince False, with nothing recorded, when another one began since then and has not failed: it is made on schedule once.
   */
  beginBackup(backup: NewBackup, noneSince: number | null): Promise<boolean>;
  endBackup(id: string, end: BackupEnd): Promise<void>;
  /** Its file is gone. */
  removeBackup(id: string): Promise<void>;
  /** Newest first; one whose process has died has failed. */
  listBackups(limit: number): Promise<readonly BackupRow[]>;
}
