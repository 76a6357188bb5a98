import { rm } from "node:fs/promises";
import type { AppContext } from "../app-context.ts";
import { chooseKept } from "./choose-kept.ts";

/** More than the longest rule keeps, and than are made in a year of hours. */
const lookedAt = 10_000;

/** Removes good backups of the schedule whose time is over by `backup.keep`; those that somebody made by hand are theirs. */
export async function keepBackups(context: AppContext): Promise<readonly string[]> {
  const store = await context.store();
  const good = (await store.listBackups(lookedAt)).filter(({ state }) => state === "good");
  const kept = chooseKept(
    good.map(({ createdAt }) => createdAt),
    context.loaded.config.backup.keep,
  );
  const removed = good.filter(({ createdAt, scheduled }) => scheduled && !kept.has(createdAt));
  for (const { id, file } of removed) {
    await rm(file, { force: true });
    await store.removeBackup(id);
  }
  return removed.map(({ file }) => file);
}
