import { MahavishnuError } from "../../lib/errors.ts";
import { newSilenceId } from "../../lib/ids.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { readAlertRules } from "../../telemetry/alerts/alert-rule.ts";
import { type RuleItem, type SilenceItem, viewRule, viewSilence } from "../alert-view.ts";
import type { AppContext } from "../app-context.ts";
import type { AlertTestPlan, ToldChannel } from "../send-test-alert.ts";
import { defineUseCase, definePreparedUseCase } from "../use-case.ts";

type None = Readonly<Record<string, never>>;

/** The rules of the configuration, with what fires. */
export interface RuleList {
  readonly items: readonly RuleItem[];
}

/** `alerts list`. */
export const listAlerts = defineUseCase<None, RuleList>({
  name: "listAlerts",
  permission: "telemetry:read",
  writes: false,
  resource: () => ({ name: "alerts" }),
  run: async (context) => {
    const book = await (await context.history()).readAlerts();
    const now = Date.now();
    return { items: readAlertRules(context.loaded.config).map((rule) => viewRule(rule, book, now)) };
  },
});

/** Silences that go on. */
export interface SilenceList {
  readonly items: readonly SilenceItem[];
}

/** `alerts silences`. */
export const listSilences = defineUseCase<None, SilenceList>({
  name: "listSilences",
  permission: "telemetry:read",
  writes: false,
  resource: () => ({ name: "alerts" }),
  run: async (context) => {
    const book = await (await context.history()).readAlerts();
    return { items: (book?.silences ?? []).map(viewSilence) };
  },
});

/** What is to be silent, for how long, and why. */
export interface SilenceInput {
  readonly rule: string;
  /** Only alerts that have all of these labels. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly forMs: number;
  readonly reason: string;
}

/** `alerts silence`: nobody is told of these alerts until it ends; what has begun before is still told to be over. */
export const silenceAlert = definePreparedUseCase<SilenceInput, SilenceItem, SilenceInput>({
  name: "silenceAlert",
  permission: "alerts:silence",
  writes: true,
  prepare: (context, input) => {
    expectRule(context, input.rule);
    return input;
  },
  resource: ({ rule }) => ({ name: `alert:${rule}` }),
  changes: ({ labels = {}, forMs, reason }) => ({ before: null, after: { labels, forMs, reason } }),
  run: async (context, { rule, labels = {}, forMs, reason }) => {
    const store = await context.store();
    // Whoever judges finds it in the book, so there has to be one.
    await store.openAlerts();
    const createdAt = Date.now();
    const id = newSilenceId();
    const silence = { id, rule, labels, reason, createdAt, createdBy: context.subject.name, until: createdAt + forMs };
    await store.addSilence(silence);
    return viewSilence(silence);
  },
});

/** Which silence. */
export interface OneSilenceInput {
  readonly id: string;
}

/** `alerts unsilence`: ends it now. */
export const endSilence = defineUseCase<OneSilenceInput, SilenceItem>({
  name: "endSilence",
  permission: "alerts:silence",
  writes: true,
  resource: ({ id }) => ({ name: `silence:${id}` }),
  run: async (context, { id }) => {
    const ended = await (await context.store()).endSilence(id);
    if (ended === null)
      throw new MahavishnuError("ALERT_NOT_FOUND", `there is no silence ${JSON.stringify(id)} that goes on`);
    return viewSilence(ended);
  },
});

/** @throws MahavishnuError ALERT_NOT_FOUND when the configuration has no such rule. */
function expectRule({ loaded }: Pick<AppContext, "loaded">, name: string): void {
  const names = loaded.config.telemetry.alerts.map((rule) => rule.name);
  if (names.includes(name)) return;
  throw new MahavishnuError(
    "ALERT_NOT_FOUND",
    `telemetry.alerts has no rule ${JSON.stringify(name)}; ${didYouMean(name, names)}`,
  );
}

/** Whom to tell: the channels of one rule, one channel, or all. */
export interface AlertTestInput {
  readonly rule?: string;
  readonly channel?: string;
}

/** What became of a test. */
export interface AlertTest {
  readonly items: readonly ToldChannel[];
}

/** `alerts test`: tells channels, here and now and once, that this is a test. */
export const testAlert = definePreparedUseCase<AlertTestInput, AlertTest, AlertTestPlan>({
  name: "testAlert",
  permission: "alerts:silence",
  writes: true,
  prepare: (context, input) => planAlertTest(context, input),
  resource: ({ rule, channels }) => ({ name: rule === null ? `channels:${channels.join(",")}` : `alert:${rule.name}` }),
  run: async (context, plan) => {
    const { sendTestAlert } = await import("../send-test-alert.ts");
    return { items: await sendTestAlert(context, plan) };
  },
});

function planAlertTest(context: AppContext, { rule: name, channel }: AlertTestInput): AlertTestPlan {
  const { config } = context.loaded;
  const known = Object.keys(config.telemetry.channels);
  if (name !== undefined) expectRule(context, name);
  if (channel !== undefined && !known.includes(channel)) {
    const hint = didYouMean(channel, known);
    throw new MahavishnuError("ALERT_NOT_FOUND", `telemetry.channels has no ${JSON.stringify(channel)}; ${hint}`);
  }
  const rule = readAlertRules(config).find((one) => one.name === name) ?? null;
  if (channel !== undefined) return { rule, channels: [channel] };
  const channels = rule?.notify ?? known;
  if (channels.length > 0) return { rule, channels };
  const fix = "Add one under `telemetry.channels`.";
  throw new MahavishnuError("ALERT_NOT_FOUND", "there is no channel that could be told", { fix });
}
