/** The name of the manifest in an archive; its last entry. */
export const manifestName = "manifest.json";

/** Formats of archives that this version reads. */
export const formatVersion = 1;

/** One file of a backup. */
export interface ManifestEntry {
  /** Below the archive's root, with slashes: `state.db`, `state/runs/…`, `configuration/…`. */
  readonly path: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** A symbolic link of a worktree. */
export interface ManifestLink {
  readonly path: string;
  readonly target: string;
}

/** What a backup holds, and of what. */
export interface Manifest {
  readonly format: number;
  readonly id: string;
  /** The version of mahavishnu that made it. */
  readonly version: string;
  readonly workspaceId: string;
  /** Where the workspace was. */
  readonly workspace: string;
  /** Version of the database's schema. */
  readonly schema: number;
  /** The last event of the journal in it. */
  readonly seq: number;
  /** ISO 8601; the moment that it shows. */
  readonly createdAt: string;
  readonly runs: number;
  readonly events: number;
  readonly auditEntries: number;
  /** Whether secrets are in it, which they are only when it is encrypted. */
  readonly withSecrets: boolean;
  readonly entries: readonly ManifestEntry[];
  readonly links: readonly ManifestLink[];
  /** Files that are neither files nor links, and are not in it. */
  readonly leftOut: readonly string[];
}
