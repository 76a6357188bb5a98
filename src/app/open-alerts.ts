import { statfs } from "node:fs/promises";
import type { Channel } from "../telemetry/alerts/alert.ts";
import { AlertJudge } from "../telemetry/alerts/alert-judge.ts";
import type { AlertSource } from "../telemetry/alerts/alert-draft.ts";
import { readAlertRules } from "../telemetry/alerts/alert-rule.ts";
import { AlertSender, type SenderEvent } from "../telemetry/alerts/alert-sender.ts";
import type { BurnState, Surroundings } from "../telemetry/alerts/watch.ts";
import type { AppContext } from "./app-context.ts";
import { touchesPicked } from "./open-deliverer.ts";
import { measureFolder } from "./purge/measure-folder.ts";

/** A message stays with a server of which nothing is heard for so long beyond what its channel lets an attempt take. */
const spareMs = 30_000;
/** Backups that are looked at for the last good one. */
const backupsLookedAt = 100;

/** What alerts need of a server. */
export interface AlertParts extends Pick<Surroundings, "health" | "lastSuites"> {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly burnRate: (slo: string, now: number) => Promise<BurnState>;
  /** Told of each attempt to send, and of what keeps it from sending. */
  readonly observe: (event: SenderEvent) => void;
  /** Told of what keeps it from judging; it tries again. */
  readonly onFailure: (error: unknown, retryMs: number) => void;
}

/** Judges rules and tells channels; see `openAlerts`. */
export interface Alerts {
  /** Judges no more; what is being sent may take `drainMs`, and is then left to whoever comes next. */
  stop(options: { readonly drainMs: number }): Promise<void>;
}

/** Starts what judges the rules of a workspace, and what sends messages to its channels. */
export async function openAlerts(context: AppContext, parts: AlertParts): Promise<Alerts> {
  const { channels, observe, onFailure, health, lastSuites, burnRate } = parts;
  const { config, paths } = context.loaded;
  const store = await context.store();
  const stopping = new AbortController();
  const senders = [...channels.values()].map(
    (channel) =>
      new AlertSender({
        store,
        channel,
        claimMs: (config.telemetry.channels[channel.name]?.timeout ?? 0) + spareMs,
        observe,
      }),
  );
  const judge = new AlertJudge({
    store,
    rules: readAlertRules(config),
    source: alertSource(context, store.workspaceId),
    around: {
      touches: async (runId, where) => await touchesPicked(context, runId, where, "an alert"),
      health,
      lastSuites,
      webhooks: Object.entries(config.webhooks.outgoing).flatMap(([name, { enabled }]) => (enabled ? [name] : [])),
      backups: async () => {
        const rows = (await store.listBackups(backupsLookedAt)).filter(({ state }) => state !== "making");
        const [last] = rows;
        // One that has been removed since was good.
        const good = rows.find(({ state }) => state === "good" || state === "removed");
        return {
          last: last === undefined ? null : { at: last.endedAt ?? last.createdAt, ok: last.state !== "failed" },
          lastGoodAt: good?.createdAt ?? null,
        };
      },
      backupMaxAgeMs: config.backup.maxAge,
      stateBytes: async () => await measureFolder(paths.stateFolder, stopping.signal),
      freeRatio: async () => {
        const { bavail, blocks } = await statfs(paths.stateFolder);
        // Some file systems do not know how large they are.
        if (blocks === 0) throw new Error("the file system does not say how large it is");
        return bavail / blocks;
      },
      burnRate,
    },
    onMessages: () => {
      for (const sender of senders) sender.wake();
    },
    onFailure,
  });
  for (const sender of senders) sender.start();
  judge.start();
  return {
    stop: async ({ drainMs }) => {
      // A large folder may take its time.
      stopping.abort();
      await judge.stop();
      await Promise.all(senders.map(async (sender) => await sender.stop(drainMs)));
    },
  };
}

/** What every alert tells of where it comes from. */
export function alertSource({ loaded }: Pick<AppContext, "loaded">, workspaceId: string): AlertSource {
  return {
    workspaceId,
    publicUrl: loaded.config.server.publicUrl,
    adviceOf: (about) => `What to do: "${about}" in docs/operations.md.`,
  };
}
