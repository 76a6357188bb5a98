import { resolveSecretsUnder } from "../../config/secret-references.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { AppContext } from "../app-context.ts";

const shortest = 32;

/**
 * The key of backups; null when none is configured.
 *
 * @throws MahavishnuError BACKUP_KEY when it is too short; UserFileError SECRET_UNRESOLVED
 */
export function readBackupKey({ loaded, env }: Pick<AppContext, "loaded" | "env">): string | null {
  const key = resolveSecretsUnder(loaded, env, "backup.key").get("backup.key")?.reveal();
  if (key === undefined) return null;
  if (key.length >= shortest) return key;
  throw new MahavishnuError("BACKUP_KEY", `backup.key has ${key.length} characters, and ${shortest} are needed`);
}
