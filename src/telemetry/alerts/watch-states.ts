import { count } from "../../lib/count.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { AlertRule } from "./alert-rule.ts";
import { type Look, nothingHolds, type Surroundings, unknownLook, type Watch, type WatchedStore } from "./watch.ts";

const restMs = 1_000;
/** Interrupted runs that are looked at one by one. */
const mostInterrupted = 200;
/** A server that has not looked for so long has gone; whoever is there ends what it saw. */
const leftMs = 300_000;
/** As a part of a server that does not work, most probes say. */
const notPassing = ["warn", "fail"];

type PolledEvent = Exclude<
  Extract<AlertRule["subject"], { kind: "on" }>["events"][number],
  "run.failed" | "run.partial" | "run.cancelled"
>;

const polled: Readonly<
  Record<PolledEvent, (rule: AlertRule, store: WatchedStore, around: Surroundings) => Omit<Watch, "rule" | "restMs">>
> = {
  "run.interrupted": watchInterrupted,
  "readiness.failed": (_rule, _store, around) => ({
    source: "readiness.failed",
    look: async () => await lookAtSuites(around),
  }),
  "adapter.down": (_rule, _store, around) => watchAdapters(around),
  "server.degraded": (_rule, _store, around) => watchServer(around),
  "webhook.dead": (_rule, store, around) => ({
    source: "webhook.dead",
    look: async ({ now }) => await lookAtWebhooks(store, around, now),
  }),
  "backup.failed": (_rule, _store, around) => ({
    source: "backup.failed",
    look: async () => await lookAtBackup(around),
  }),
  "backup.stale": (_rule, _store, around) => ({
    source: "backup.stale",
    look: async ({ now, rule }) => await lookAtBackupAge(around, now, rule.since),
  }),
};

/** The watches of a rule about states that last. The ends of runs are no states: they are read from the journal. */
export function watchStates(rule: AlertRule, store: WatchedStore, around: Surroundings): readonly Watch[] {
  const { subject } = rule;
  if (subject.kind !== "on") return [];
  return subject.events
    .filter((event) => event !== "run.failed" && event !== "run.partial" && event !== "run.cancelled")
    .map((event) => ({ ...polled[event](rule, store, around), rule, restMs }));
}

function watchInterrupted(
  { workflows, where }: AlertRule,
  store: WatchedStore,
  { touches }: Surroundings,
): Pick<Watch, "source" | "look"> {
  return {
    source: "run.interrupted",
    look: async ({ now }) => {
      const found = new Map<string, string[]>();
      for (const id of await store.listInterrupted({ limit: mostInterrupted })) {
        const row = await store.getRun(id);
        if (row === null || (workflows.length > 0 && !workflows.includes(row.workflow))) continue;
        if (where !== undefined && !(await touches(id, where))) continue;
        found.set(row.workflow, [...(found.get(row.workflow) ?? []), id]);
      }
      return {
        ...nothingHolds,
        value: [...found.values()].flat().length,
        holding: [...found].map(([workflow, ids]) => ({
          about: { workflow },
          time: now,
          summary: `${count(ids.length, "run", "runs")} of ${workflow} ${ids.length === 1 ? "is" : "are"} interrupted`,
          description: `The process that had begun run ${ids[0]} is gone, and nobody goes on with it.`,
          runId: ids[0] ?? null,
          value: ids.length,
        })),
      };
    },
  };
}

async function lookAtSuites({ lastSuites }: Surroundings): Promise<Look> {
  const suites = await lastSuites();
  if (suites.length === 0) return unknownLook("no readiness suite of a server has ended yet");
  const failed = suites.filter(({ isReady }) => !isReady);
  return {
    ...nothingHolds,
    value: failed.length,
    holding: failed.map(({ id, command, endedAt }) => ({
      about: { command },
      time: endedAt,
      summary: `the last ${command} found that this installation is not ready`,
      description: `See suite ${id} for what it found.`,
    })),
  };
}

const notUp = unknownLook("the server is being started or stopped");

/** Each server looks for itself: of the same adapter two may find different things. */
function watchAdapters({ health }: Surroundings): Pick<Watch, "source" | "look" | "isLeft"> {
  const { server } = health;
  return {
    ...ofServer("adapter.down", server),
    look: async ({ now }) => {
      const checks = await health.checks();
      if (checks === null) return notUp;
      const adapters = checks.filter(({ name }) => name.startsWith("adapter:"));
      if (adapters.length === 0) return unknownLook("no adapter is enabled");
      const down = adapters.filter(({ status }) => status !== "pass");
      return {
        ...nothingHolds,
        value: down.length,
        holding: down.map(({ name, output }) => {
          const adapter = name.slice("adapter:".length);
          return {
            about: { adapter, server },
            time: now,
            summary: `adapter ${adapter} is down`,
            description: sentence(output, "It does not answer."),
          };
        }),
      };
    },
  };
}

function watchServer({ health }: Surroundings): Pick<Watch, "source" | "look" | "isLeft"> {
  const { server } = health;
  return {
    ...ofServer("server.degraded", server),
    look: async ({ now }) => {
      const checks = await health.checks();
      if (checks === null) return notUp;
      const bad = checks.filter(({ status }) => notPassing.includes(status));
      if (bad.length === 0) return { ...nothingHolds, value: 0 };
      const summary = `server ${server}: ${bad.map(({ name, status }) => `${name} ${status}`).join(", ")}`;
      const description = bad.map(({ name, output }) => sentence(output, `${name} does not pass.`)).join(" ");
      return {
        ...nothingHolds,
        value: bad.length,
        holding: [{ about: { server }, time: now, summary, description, value: bad.length }],
      };
    },
  };
}

function ofServer(event: string, server: string): Pick<Watch, "source" | "isLeft"> {
  const source = `${event}@${server}`;
  return {
    source,
    isLeft: (row, now) => row.source.startsWith(`${event}@`) && row.source !== source && now - row.seenAt > leftMs,
  };
}

async function lookAtWebhooks(store: WatchedStore, { webhooks }: Surroundings, now: number): Promise<Look> {
  if (webhooks.length === 0) return unknownLook("there is no outgoing webhook");
  const ends = await Promise.all(
    webhooks.map(async (webhook) => ({ webhook, end: await store.lastDeliveryEnd(webhook) })),
  );
  if (ends.every(({ end }) => end === null)) return unknownLook("no outgoing webhook has been told of anything yet");
  const dead = ends.filter(({ end }) => end?.state === "dead");
  return {
    ...nothingHolds,
    value: dead.length,
    holding: dead.map(({ webhook, end }) => ({
      about: { webhook },
      time: now,
      summary: `webhook ${webhook} was given up`,
      description: `The last delivery was tried as often as it may be: ${sentence(end?.error ?? undefined, "no reason is known.")}`,
    })),
  };
}

async function lookAtBackup({ backups }: Surroundings): Promise<Look> {
  const last = (await backups())?.last ?? null;
  if (last === null) return unknownLook("no backup has been tried yet");
  if (last.ok) return nothingHolds;
  const summary = "the last backup failed";
  const description = "See `mahavishnu backup list` and the log of the server.";
  return { ...nothingHolds, holding: [{ about: {}, time: last.at, summary, description }] };
}

/** Where there has never been one, the time counts from when anybody began to look. */
async function lookAtBackupAge({ backups, backupMaxAgeMs }: Surroundings, now: number, since: number): Promise<Look> {
  const goodAt = (await backups())?.lastGoodAt ?? null;
  const age = now - (goodAt ?? since);
  const value = goodAt === null ? null : Math.round(age / 1_000);
  if (age <= backupMaxAgeMs)
    return goodAt === null ? unknownLook("there is no good backup yet") : { ...nothingHolds, value };
  const summary = goodAt === null ? "there is no good backup" : `the last good backup is ${formatDuration(age)} old`;
  const description = `There should be one at least every ${formatDuration(backupMaxAgeMs)} (backup.maxAge).`;
  return { ...nothingHolds, value, holding: [{ about: {}, time: now, summary, description, value }] };
}

function sentence(text: string | undefined, otherwise: string): string {
  return text === undefined || text === "" ? otherwise : /[.!?]$/.test(text) ? text : `${text}.`;
}
