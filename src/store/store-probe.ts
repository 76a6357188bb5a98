import type { StoreProbe } from "./health-contract.ts";
import type { OpenFiles } from "./open-files.ts";
import type { StoreParts } from "./store-parts.ts";

/** The part of the store that finds out whether it works. */
export function createStoreProbe({ db, commits, read, now }: StoreParts, files: OpenFiles): StoreProbe {
  const look = db.prepare("SELECT value FROM meta WHERE key = 'workspaceId'");
  const write = db.prepare(`
    INSERT INTO meta(key, value) VALUES('probe', ?) ON CONFLICT DO UPDATE SET value = excluded.value`);
  return {
    probe: async () => {
      await read(() => {
        files.expectSame();
        look.get();
      });
      await commits.run(() => void write.run(String(now())));
    },
  };
}
