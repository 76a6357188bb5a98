/** For tests: makes a backup, or restores one, and is killed at a crash point that the environment names. */
import { createBackup } from "../../src/app/backup/create-backup.ts";
import { restoreBackup } from "../../src/app/backup/restore-backup.ts";
import { openApp } from "../../src/app/open-app.ts";
import { loadConfig } from "../../src/config/load-config.ts";

const [, , workspace = "", act = "", file = ""] = process.argv;
const env = process.env;
const loaded = await loadConfig({ workspace, env, set: [] });
if (act === "create") {
  await using app = openApp({ loaded, env });
  await createBackup(app, { to: file, signal: new AbortController().signal });
} else {
  await restoreBackup(loaded, file, { key: null, force: process.argv.includes("--force") });
}
