import { readBackupKey } from "../backup/backup-key.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { type BackupSummary, summariseManifest } from "../backup/summarise-manifest.ts";
import { defineUseCase } from "../use-case.ts";

/** What `backup restore` brought back. */
export interface RestoreReport extends BackupSummary {
  readonly replaced: string | null;
  readonly beside: string;
}

/**
 * `backup restore`. It counts as a read for the door, whose trail lies in the database that is being replaced: that it was done is written into
 * the one which came back.
 */
export const restoreState = defineUseCase<{ readonly file: string; readonly force: boolean }, RestoreReport>({
  name: "restoreState",
  permission: "backups:write",
  writes: false,
  resource: () => ({ name: "state" }),
  run: async (context, { file, force }) => {
    const key = readBackupKey(context);
    const { manifest, replaced, beside } = await restoreBackup(context.loaded, file, { key, force });
    const store = await context.store();
    await store.appendAudit({
      time: Date.now(),
      actor: context.subject.name,
      action: "backups:write",
      resource: "state",
      decision: "allowed",
      reason: "restore",
      requestId: context.requestId,
      from: context.from,
      before: null,
      after: { backup: manifest.id, seq: manifest.seq },
    });
    return { ...summariseManifest(file, manifest), replaced, beside };
  },
});
