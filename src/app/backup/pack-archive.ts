import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { crashPoint } from "../../lib/crash-point.ts";
import { version } from "../../lib/version.ts";
import { askInThread } from "../../store/sqlite-worker.ts";
import { formatVersion, type Manifest } from "./manifest.ts";
import { verifyArchive } from "./verify-archive.ts";
import { type BackupSource, walkSources } from "./walk-sources.ts";
import { type ManifestHead, writeArchive } from "./write-archive.ts";

/** What a backup is packed of. */
export interface PackRequest {
  /** The database of the state. */
  readonly stateFile: string;
  readonly sources: readonly BackupSource[];
  /** A folder of this backup's own, that is not there yet. */
  readonly scratch: string;
  readonly key: string | null;
  readonly head: Pick<Manifest, "id" | "createdAt" | "workspace" | "workspaceId">;
}

/**
 * Copies the database, packs it with all else into `archive` below the scratch folder, durably, and reads that again.
 *
 * @throws MahavishnuError BACKUP_DAMAGED when what was written cannot be read again
 */
export async function packArchive(
  { stateFile, sources, scratch, key, head }: PackRequest,
  signal: AbortSignal,
): Promise<Manifest> {
  await mkdir(scratch, { mode: 0o700 });
  const database = join(scratch, "state.db");
  // A consistent moment of the whole database; writers go on meanwhile.
  await askInThread({ file: stateFile, readOnly: true }, "VACUUM INTO ?", database);
  crashPoint("backup.snapshot");
  const [facts] = await askInThread(
    { file: database, readOnly: true },
    `SELECT (SELECT user_version FROM pragma_user_version) AS schema, (SELECT coalesce(max(seq), 0) FROM event) AS seq,
      (SELECT count(*) FROM run) AS runs, (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM audit) AS auditEntries`,
  );
  const leftOut: string[] = [];
  const known: ManifestHead = {
    ...head,
    ...(facts as unknown as Pick<Manifest, "schema" | "seq" | "runs" | "events" | "auditEntries">),
    format: formatVersion,
    version,
    withSecrets: key !== null,
    leftOut,
  };
  const archive = join(scratch, "archive");
  const leave = (path: string): void => void leftOut.push(path);
  const all = walkSources([{ path: "state.db", file: database }, ...sources], leave);
  const manifest = await writeArchive(archive, known, { sources: all, key, signal, leave });
  crashPoint("backup.written");
  await verifyArchive(archive, { key, scratch: join(scratch, "verify") });
  return manifest;
}
