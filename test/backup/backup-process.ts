/** For tests: makes a backup, or restores one, and is killed at a crash point that the environment names. */
import process from "node:process";

// Read by crash-point.ts; must be there before it is loaded.
Object.assign(globalThis, { __CRASH_POINTS__: true });
const [, , workspace = "", act = "", file = ""] = process.argv;
const [{ openApp }, { loadConfig }, { createBackup }, { restoreBackup }] = await Promise.all([
  import("../../src/app/open-app.ts"),
  import("../../src/config/load-config.ts"),
  import("../../src/app/backup/create-backup.ts"),
  import("../../src/app/backup/restore-backup.ts"),
]);
const env = process.env;
const loaded = await loadConfig({ workspace, env, set: [] });
if (act === "create") {
  await using app = openApp({ loaded, env });
  await createBackup(app, { to: file, signal: new AbortController().signal });
} else {
  await restoreBackup(loaded, file, { key: null, force: process.argv.includes("--force") });
}
