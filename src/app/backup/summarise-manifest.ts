import type { Manifest } from "./manifest.ts";

/** What a backup holds, as far as it is told. */
export interface BackupSummary {
  readonly id: string;
  readonly file: string;
  readonly createdAt: string;
  readonly version: string;
  readonly schema: number;
  readonly seq: number;
  readonly runs: number;
  readonly events: number;
  readonly auditEntries: number;
  readonly files: number;
  readonly withSecrets: boolean;
  readonly leftOut: readonly string[];
}

/** Tells of a manifest without its thousands of files. */
export function summariseManifest(file: string, manifest: Manifest): BackupSummary {
  const { id, createdAt, version, schema, seq, runs, events, auditEntries, withSecrets, leftOut, entries, links } =
    manifest;
  const files = entries.length + links.length;
  return { id, file, createdAt, version, schema, seq, runs, events, auditEntries, files, withSecrets, leftOut };
}
