import { randomUUID } from "node:crypto";
import type { Alert, AlertMessage, Channel, ChannelAnswer } from "../telemetry/alerts/alert.ts";
import { makeId } from "../telemetry/alerts/alert-draft.ts";
import type { AlertRule } from "../telemetry/alerts/alert-rule.ts";
import { sendOnce } from "../telemetry/alerts/alert-sender.ts";
import type { AppContext } from "./app-context.ts";
import { openAlertChannels } from "./open-alert-channels.ts";

/** What a receiver answered. */
export interface ToldChannel {
  readonly channel: string;
  readonly taken: boolean;
  readonly status: number | null;
  /** Why it was not taken. */
  readonly error: string | null;
}

/** Which channels are told what. */
export interface AlertTestPlan {
  readonly rule: AlertRule | null;
  readonly channels: readonly string[];
}

/** Tells channels that this is a test, each once and now, and says what they answered. */
export async function sendTestAlert(context: AppContext, plan: AlertTestPlan): Promise<readonly ToldChannel[]> {
  const channels = openAlertChannels(context);
  const { workspaceId } = await context.store();
  return await Promise.all(
    plan.channels.map(async (name) => {
      const channel = channels.get(name);
      const answer = channel === undefined ? notOpen : await tellTest(context, plan, { channel, workspaceId });
      const error = answer.ok ? null : answer.error;
      return { channel: name, taken: answer.ok, status: answer.status, error };
    }),
  );
}

const notOpen: ChannelAnswer = { ok: false, final: true, error: "it is not open", status: null, retryAfterMs: null };

async function tellTest(
  { signal, subject }: AppContext,
  { rule }: AlertTestPlan,
  { channel, workspaceId }: { readonly channel: Channel; readonly workspaceId: string },
): Promise<ChannelAnswer> {
  const nonce = randomUUID();
  const name = rule?.name ?? "test";
  const time = Date.now();
  const alert: Alert = {
    rule: name,
    fingerprint: `test-${nonce}`,
    state: "firing",
    severity: rule?.severity ?? "info",
    summary: `a test of ${rule === null ? `channel ${channel.name}` : `alert ${name}`}`,
    description: `${subject.name} has asked for it. Nothing has happened, and nothing is to be done.`,
    labels: { workspace: workspaceId, rule: name },
    startedAt: time,
    endedAt: null,
    runId: null,
    url: null,
    runbook: null,
    value: null,
  };
  const id = makeId(workspaceId, channel.name, `test:${nonce}`);
  const message: AlertMessage = { id, time, channel: channel.name, rule: name, isTest: true, alerts: [alert] };
  return await sendOnce(channel, message, signal);
}
