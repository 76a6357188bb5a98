import { isJsonObject } from "../../lib/json.ts";

/** The name of the manifest in an archive; its last entry. */
export const manifestName = "manifest.json";

/** Bytes that are read, compressed and written in one go: with the default of 16 KiB, calling back and forth takes longer than the work. */
export const chunkSize = 1_048_576;

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

/** The id of a backup. */
export const backupId = /^[0-9a-f]{8}$/;

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

/** Whether a value is a manifest of this format. What is in a file that somebody gives us is anything at all. */
export function isManifest(value: unknown): value is Manifest {
  if (!isJsonObject(value)) return false;
  const { format, id, version, workspaceId, workspace, createdAt, withSecrets, entries, links, leftOut, ...counts } =
    value;
  return (
    format === formatVersion &&
    typeof id === "string" &&
    backupId.test(id) &&
    [version, workspaceId, workspace, createdAt].every((text) => typeof text === "string") &&
    typeof withSecrets === "boolean" &&
    countNames.every((name) => isCount(counts[name])) &&
    isListOf(
      entries,
      ({ path, bytes, sha256 }) => typeof path === "string" && isCount(bytes) && typeof sha256 === "string",
    ) &&
    isListOf(links, ({ path, target }) => typeof path === "string" && typeof target === "string") &&
    Array.isArray(leftOut) &&
    leftOut.every((path) => typeof path === "string")
  );
}

const countNames = ["schema", "seq", "runs", "events", "auditEntries"] as const;

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isListOf(value: unknown, isOne: (item: Readonly<Record<string, unknown>>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isJsonObject(item) && isOne(item));
}
