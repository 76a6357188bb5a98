import { formatDuration } from "../../lib/duration.ts";
import { RecentMap } from "../../lib/recent-map.ts";
import type { EndedRuns } from "../../store/alert-contract.ts";
import type { AlertRule } from "./alert-rule.ts";
import { type Look, nothingHolds, type Surroundings, unknownLook, type Watch, type WatchedStore } from "./watch.ts";

const restMs = 1_000;
/** Disks fill slowly, and a folder is walked for them. */
const diskRestMs = 10_000;
/** Runs whose repositories are looked at for one figure; of more, nothing is said. */
const mostSelected = 10_000;

type Absent = Extract<AlertRule["subject"], { kind: "absent" }>;
type When = Extract<AlertRule["subject"], { kind: "when" }>;

/** What is known of a figure; null when nothing is. */
type Figure = { readonly value: number } | { readonly note: string };

/** The watch of a rule about something that is missing, a figure, or an error budget. */
export function watchFigures(rule: AlertRule, store: WatchedStore, around: Surroundings): readonly Watch[] {
  const { subject } = rule;
  if (subject.kind === "absent") return [watchAbsence(rule, subject, around)];
  if (subject.kind === "when") return [watchFigure(rule, subject, store, around)];
  if (subject.kind === "burnRate") return [watchBudget(rule, subject.slo, around)];
  return [];
}

/** The time counts from when it last happened, and where it never has, from when anybody began to look. */
function watchAbsence(rule: AlertRule, { event, forMs }: Absent, { backups }: Surroundings): Watch {
  return {
    rule,
    source: "absent",
    restMs,
    look: async ({ now, rule: known }) => {
      const lastAt = event === "backup.created" ? ((await backups())?.lastGoodAt ?? null) : known.lastAt;
      const begin = lastAt ?? known.since;
      const value = Math.round((now - begin) / 1_000);
      if (now - begin < forMs)
        return lastAt === null
          ? unknownLook(`it has not happened yet; an alert in ${formatDuration(forMs - (now - begin))}`)
          : { ...nothingHolds, value };
      const said = lastAt === null ? "since it is watched" : `for ${formatDuration(now - begin)}`;
      const summary = `no ${event} ${said}`;
      const description = `It should happen at least every ${formatDuration(forMs)}${ofWorkflows(rule)}.`;
      return { ...nothingHolds, value, holding: [{ about: {}, time: begin + forMs, summary, description, value }] };
    },
  };
}

function watchFigure(rule: AlertRule, subject: When, store: WatchedStore, around: Surroundings): Watch {
  const { figure, above, below } = subject;
  const touching = new RecentMap<string, boolean>(mostSelected);
  const touches = async (runId: string, where: string): Promise<boolean> => {
    const known = touching.get(runId);
    if (known !== undefined) return known;
    const does = await around.touches(runId, where);
    touching.set(runId, does);
    return does;
  };
  return {
    rule,
    source: "when",
    restMs: figure === "state.bytes" || figure === "disk.freeRatio" ? diskRestMs : restMs,
    look: async ({ now }): Promise<Look> => {
      const found = await readFigure(rule, subject, { store, around: { ...around, touches }, now });
      if ("note" in found) return unknownLook(found.note);
      const { value } = found;
      const isOut = above === null ? value < (below ?? 0) : value > above;
      if (!isOut) return { ...nothingHolds, value };
      const limit = above === null ? `below ${below}` : `above ${above}`;
      const summary = `${figure} is ${round(value)}, ${limit}`;
      const description = `${figure}${ofWorkflows(rule)} is ${limit}.`;
      return { ...nothingHolds, value, holding: [{ about: { figure }, time: now, summary, description, value }] };
    },
  };
}

interface FigureParts {
  readonly store: WatchedStore;
  readonly around: Surroundings;
  readonly now: number;
}

async function readFigure(rule: AlertRule, { figure, overMs }: When, parts: FigureParts): Promise<Figure> {
  const { store, around, now } = parts;
  switch (figure) {
    case "state.bytes":
      return { value: await around.stateBytes() };
    case "disk.freeRatio":
      return { value: await around.freeRatio() };
    case "runs.queued":
    case "runs.oldestQueued":
    case "runs.longestRunning": {
      if (rule.where !== undefined)
        return { note: "a figure about what waits or goes on cannot be asked with `where`" };
      const { queued, oldestQueuedAt, longestRunningSince } = await store.countWaiting(rule.workflows);
      if (figure === "runs.queued") return { value: queued };
      const since = figure === "runs.oldestQueued" ? oldestQueuedAt : longestRunningSince;
      return { value: since === null ? 0 : Math.max(0, now - since) / 1_000 };
    }
    case "runs.failed":
    case "runs.failureRatio": {
      const ended = await countEnded(rule, now - overMs, parts);
      if (ended === null) return { note: `more than ${mostSelected} runs would have to be looked at` };
      if (figure === "runs.failed") return { value: ended.failed };
      const all = ended.succeeded + ended.partial + ended.failed;
      if (all === 0) return { note: `no run has ended in the last ${formatDuration(overMs)}` };
      return { value: ended.failed / all };
    }
  }
}

async function countEnded(rule: AlertRule, since: number, parts: FigureParts): Promise<EndedRuns | null> {
  const { workflows, where } = rule;
  const { store, around } = parts;
  if (where === undefined) return await store.countEndedSince({ since, workflows });
  const runs = await store.listEndedSince({ since, workflows, limit: mostSelected });
  if (runs.length === mostSelected) return null;
  const counts = { succeeded: 0, partial: 0, failed: 0, cancelled: 0 };
  for (const { runId, state } of runs) {
    if (await around.touches(runId, where)) counts[state as keyof EndedRuns] += 1;
  }
  return counts;
}

function watchBudget(rule: AlertRule, slo: string, { burnRate }: Surroundings): Watch {
  return {
    rule,
    source: "burnRate",
    restMs,
    look: async ({ now }) => {
      const { state, value, note } = await burnRate(slo, now);
      if (state === "unknown") return unknownLook(note ?? "nothing is known of this objective", value);
      if (state === "ok") return { ...nothingHolds, value };
      const speed = value === null ? "" : ` ${round(value)} times`;
      const summary = `the error budget of ${slo} is spent${speed} too fast`;
      const description = note ?? "See `mahavishnu slo list`.";
      return { ...nothingHolds, value, holding: [{ about: { slo }, time: now, summary, description, value }] };
    },
  };
}

function ofWorkflows({ workflows }: AlertRule): string {
  return workflows.length === 0 ? "" : ` (${workflows.join(", ")})`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
