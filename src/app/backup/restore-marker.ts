import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "../../lib/json.ts";
import { MahavishnuError } from "../../lib/errors.ts";

/** What a restore notes while it puts things in their places. */
export interface RestoreMarker {
  /** Of the backup. */
  readonly id: string;
  /** The folder that gets what was there before. */
  readonly aside: string;
}

/** The file that is there while a restore is half done. */
export function restoreMarkerOf(stateFolder: string): string {
  return join(stateFolder, "restoring.json");
}

/** What a restore that was cut short has noted; null when there is none. */
export function readRestoreMarker(stateFolder: string): RestoreMarker | null {
  try {
    const value: unknown = JSON.parse(readFileSync(restoreMarkerOf(stateFolder), "utf8"));
    if (!isJsonObject(value)) return null;
    const { id, aside } = value;
    const isOurs = typeof id === "string" && typeof aside === "string" && /^replaced-[\dTZ]+$/.test(aside);
    return isOurs ? { id, aside } : null;
  } catch {
    return null;
  }
}

/**
 * Refuses to begin a new state where half of an old one has been restored.
 *
 * @throws MahavishnuError RESTORE_REFUSED
 */
export function refuseHalfRestored(stateFolder: string, stateFile: string): void {
  if (!existsSync(restoreMarkerOf(stateFolder)) || existsSync(stateFile)) return;
  throw new MahavishnuError(
    "RESTORE_REFUSED",
    `a restore into ${stateFolder} was cut short, and half of the state is there`,
    {
      fix: "Run `mahavishnu backup restore` again: it goes on where that one ended.",
    },
  );
}
