import { setTimeout as delay } from "node:timers/promises";
import { crashPoint } from "../../lib/crash-point.ts";
import { messageOf } from "../../lib/errors.ts";
import type { AlertRow } from "../../store/alert-contract.ts";
import type { Store } from "../../store/contract.ts";
import type { JournalFact } from "../../store/projection-contract.ts";
import { AlertDraft, type AlertSource } from "./alert-draft.ts";
import type { AlertRule } from "./alert-rule.ts";
import { type Look, type Surroundings, unknownLook, type Watch, type WatchedStore } from "./watch.ts";
import { watchFigures } from "./watch-figures.ts";
import { watchStates } from "./watch-states.ts";

/** How often it is asked whether anything has changed (microseconds), and whether anything is due. */
const lookMs = 200;
/** Events of any type looked at in one go. */
const partSize = 1_000;
/** What has been read and has told nothing is written down after so many events: at worst it is read again. */
const mostUnwritten = 20_000;
/** What nobody waits for is written as often as this, and that somebody judges at all. */
export const heartbeatMs = 10_000;
/** A look that takes long is taken less often: this part of the time at most. */
const mostOfTheTime = 1 / 20;
/** So long is waited for what is looked at. */
const patienceMs = 20;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/** What a judge works with. */
export interface JudgeOptions {
  readonly store: WatchedStore &
    Pick<Store, "alertVersion" | "changeMark" | "openAlerts" | "readFacts" | "writeAlerts" | "listRuns">;
  readonly rules: readonly AlertRule[];
  readonly source: AlertSource;
  readonly around: Surroundings;
  /** Called when messages have been written. */
  readonly onMessages: () => void;
  /** Told of what keeps it from judging; it tries again. */
  readonly onFailure: (error: unknown, retryMs: number) => void;
  readonly now?: () => number;
  /** Only tests wait for whatever is looked at. */
  readonly patienceMs?: number;
}

/**
 * Judges the rules of a workspace, together with any number of other servers: what follows from the journal and from what was looked
 * at is written with the messages in one transaction, by the first of them.
 */
export class AlertJudge {
  readonly #options: JudgeOptions;
  readonly #now: () => number;
  readonly #watches: readonly Watch[];
  readonly #nextLookAt = new Map<Watch, number>();
  readonly #looks = new Map<Watch, Look>();
  readonly #looking = new Map<Watch, Promise<void>>();
  readonly #looked: { readonly watch: Watch; readonly look: Look; readonly at: number }[] = [];
  readonly #types: readonly string[];
  readonly #stopping = new AbortController();
  #wake: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();
  #draft: AlertDraft | undefined;
  #version = -1;
  #writtenSeq = 0;
  #read = 0;
  #writtenAt = 0;
  #mark = "";
  /** Rules of the book that are not in the configuration; null once the book has forgotten them. */
  #strangers: readonly string[] | null = [];

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { store, rules, around } = options;
    this.#watches = rules.flatMap((rule) => [
      ...watchStates(rule, store, around),
      ...watchFigures(rule, store, around),
    ]);
    this.#types = rules.some(({ subject }) => subject.kind === "absent" && subject.event === "run.started")
      ? ["run.finished", "run.started"]
      : ["run.finished"];
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
    await Promise.all(this.#looking.values());
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      let waitMs = lookMs;
      try {
        await this.judge();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#draft = undefined;
        waitMs = Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);
        this.#options.onFailure(error, waitMs);
      }
      if (!this.#stopping.signal.aborted) await this.#pause(waitMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One round: what has happened, what holds now, what is due. */
  async judge(): Promise<void> {
    const { store, rules } = this.#options;
    const mark = store.changeMark();
    const hasChanged = mark !== this.#mark;
    let draft = this.#draft;
    if (draft === undefined || (hasChanged && (await store.alertVersion()) !== this.#version))
      draft = await this.#open();
    if (hasChanged) await this.#readJournal(draft);
    await this.#lookAround(draft);
    draft.settle(rules, this.#now());
    const isDue = this.#now() - this.#writtenAt >= heartbeatMs || this.#read - this.#writtenSeq >= mostUnwritten;
    if ((draft.isUrgent || isDue || (this.#strangers?.length ?? 0) > 0) && !(await this.#write(draft))) {
      // Another server was quicker: what it has written is judged anew in the next round.
      this.#draft = undefined;
      this.#nextLookAt.clear();
      this.#mark = "";
      return;
    }
    this.#mark = mark;
  }

  async #open(): Promise<AlertDraft> {
    const { store, rules, source } = this.#options;
    const book = await store.openAlerts();
    const draft = new AlertDraft(book, source);
    this.#version = book.version;
    this.#writtenSeq = book.seq;
    this.#read = book.seq;
    this.#writtenAt = Math.max(0, ...book.rules.map(({ judgedAt }) => judgedAt));
    this.#draft = draft;
    this.#mark = "";
    for (const rule of rules) {
      if (draft.hasRule(rule.name)) continue;
      draft.keepRule({ ...draft.ruleOf(rule.name, this.#now()), lastAt: await this.#lastOf(rule) });
    }
    if (this.#strangers !== null) {
      const strangers = draft.strangersTo(rules);
      const note = "The rule is not in the configuration any more.";
      for (const alert of strangers.alerts) draft.endQuietly(alert, note, this.#now());
      this.#strangers = strangers.rules;
    }
    // Read from the book again, and so judged again.
    await this.#readJournal(draft);
    return draft;
  }

  /** When that last happened whose absence a new rule watches, as far as one looks back. */
  async #lastOf({ subject, workflows, where }: AlertRule): Promise<number | null> {
    const { store, around } = this.#options;
    if (subject.kind !== "absent" || subject.event === "backup.created") return null;
    const states = subject.event === "run.succeeded" ? { states: ["succeeded"] } : {};
    let last: number | null = null;
    for (const workflow of workflows.length === 0 ? [undefined] : workflows) {
      const query = { ...states, limit: 100, ...(workflow === undefined ? {} : { workflow }) };
      for (const { id, startedAt, endedAt } of await store.listRuns(query)) {
        const time = subject.event === "run.succeeded" ? endedAt : startedAt;
        if (time === null || time <= (last ?? 0)) continue;
        if (where === undefined || (await around.touches(id, where))) last = time;
      }
    }
    return last;
  }

  async #readJournal(draft: AlertDraft): Promise<void> {
    const { store } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const { facts, upTo } = await store.readFacts(this.#read, this.#types, partSize);
      if (upTo === this.#read) return;
      for (const fact of facts) await this.#takeIn(draft, fact);
      this.#read = upTo;
    }
  }

  async #takeIn(draft: AlertDraft, fact: JournalFact): Promise<void> {
    const { rules, around, store } = this.#options;
    const now = this.#now();
    const happened = fact.type === "run.started" ? "run.started" : `run.${fact.state}`;
    for (const rule of rules) {
      const { subject, workflows, where } = rule;
      const isAwaited = subject.kind === "absent" && subject.event === happened;
      const begins = subject.kind === "on" && (subject.events as readonly string[]).includes(happened);
      const ends = subject.kind === "on" && happened === "run.succeeded" && draft.hasActive("runs");
      if (!isAwaited && !begins && !ends) continue;
      if (workflows.length > 0 && !workflows.includes(fact.workflow)) continue;
      if (where !== undefined && !(await around.touches(fact.runId, where))) continue;
      if (isAwaited) {
        const row = draft.ruleOf(rule.name, now);
        draft.keepRule({ ...row, lastAt: Math.max(row.lastAt ?? 0, fact.time) });
        continue;
      }
      const reason = begins ? ((await store.getRun(fact.runId))?.reason ?? "") : "";
      draft.observe(
        rule,
        {
          source: "runs",
          about: { workflow: fact.workflow },
          holds: begins,
          time: fact.time,
          runId: fact.runId,
          isOneMore: true,
          summary: `${fact.workflow} ${saidOf[fact.state ?? ""] ?? "ended"}`,
          description: `Run ${fact.runId} of ${fact.workflow} ${saidOf[fact.state ?? ""] ?? "ended"}${reason === "" ? "" : `: ${reason}`}.`,
        },
        now,
      );
    }
  }

  /** What a slow look gives is taken in by a later round: what happens is not to wait for it. */
  async #lookAround(draft: AlertDraft): Promise<void> {
    const begin = this.#now();
    for (const watch of this.#watches) {
      if (this.#looking.has(watch) || begin < (this.#nextLookAt.get(watch) ?? 0)) continue;
      const looking = this.#look(watch, draft, begin).finally(() => this.#looking.delete(watch));
      this.#looking.set(watch, looking);
    }
    if (this.#looking.size > 0) {
      const { patienceMs: patience = patienceMs } = this.#options;
      const enough = new AbortController();
      const timer = delay(patience, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([Promise.all(this.#looking.values()), timer]);
      enough.abort();
    }
    for (const { watch, look, at } of this.#looked.splice(0)) {
      this.#looks.set(watch, look);
      this.#judgeLook(draft, watch, look, at);
    }
    for (const rule of this.#options.rules) this.#keepRule(draft, rule);
  }

  async #look(watch: Watch, draft: AlertDraft, at: number): Promise<void> {
    const started = performance.now();
    let look: Look;
    try {
      look = await watch.look({ rule: draft.ruleOf(watch.rule.name, at), now: at });
    } catch (error) {
      look = unknownLook(`it cannot be found out: ${messageOf(error)}`);
    }
    this.#nextLookAt.set(watch, at + Math.max(watch.restMs, (performance.now() - started) / mostOfTheTime));
    this.#looked.push({ watch, look, at });
  }

  #judgeLook(draft: AlertDraft, watch: Watch, look: Look, now: number): void {
    const { rule, source } = watch;
    const active = draft.alertsOf(rule.name).filter(({ state }) => state !== "resolved");
    const end = (row: AlertRow, note: string | null): void => {
      const { labels: about, summary, description } = row;
      draft.observe(rule, { source: row.source, about, holds: false, time: now, summary, description, note }, now);
    };
    for (const row of active) if (watch.isLeft?.(row, now) === true) end(row, "The server that saw it has gone.");
    if (!look.isKnown) return;
    for (const found of look.holding) draft.observe(rule, { ...found, source, holds: true }, now);
    const holds = new Set(look.holding.map(({ about }) => keyOf(about)));
    for (const row of active) if (row.source === source && !holds.has(keyOf(row.labels))) end(row, null);
  }

  #keepRule(draft: AlertDraft, rule: AlertRule): void {
    const looks = this.#watches.filter((watch) => watch.rule === rule).flatMap((watch) => this.#looks.get(watch) ?? []);
    const unknown = looks.find((look) => !look.isKnown);
    const row = draft.ruleOf(rule.name, this.#now());
    const isKnown = unknown === undefined;
    const note = unknown?.note ?? null;
    // What is said of the time that is left changes all the time, and is written by and by.
    if (row.isKnown === isKnown && this.#now() - row.judgedAt < heartbeatMs) return;
    const value = looks.length === 1 ? (looks[0]?.value ?? null) : null;
    draft.keepRule({ ...row, isKnown, note, value, judgedAt: this.#now() });
  }

  async #write(draft: AlertDraft): Promise<boolean> {
    const { store, onMessages } = this.#options;
    const { version, change } = draft.takeChange(this.#read, this.#strangers ?? []);
    if (change.messages.length > 0) crashPoint("alerts.judged");
    if (!(await store.writeAlerts(version, change))) return false;
    if (change.messages.length > 0) crashPoint("alerts.written");
    this.#strangers = null;
    draft.markWritten();
    this.#version = version + 1;
    this.#writtenSeq = this.#read;
    this.#writtenAt = this.#now();
    if (change.messages.length > 0) onMessages();
    return true;
  }
}

const saidOf: Readonly<Record<string, string>> = {
  succeeded: "succeeded",
  partial: "succeeded in part",
  failed: "failed",
  cancelled: "was cancelled",
};

function keyOf(about: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(about).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
