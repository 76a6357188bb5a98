import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { eventOf, livingOwner, newRun, rowOf } from "../../store/store-fixture.ts";
import type { Store } from "../../store/contract.ts";
import type { Alert, AlertMessage } from "./alert.ts";
import type { AlertSource } from "./alert-draft.ts";
import { AlertJudge } from "./alert-judge.ts";
import type { AlertRule } from "./alert-rule.ts";
import { AlertSender } from "./alert-sender.ts";
import { makeHttpChannel } from "./channels/http-channel.ts";
import type { Surroundings } from "./watch.ts";

/** For tests: a rule about failed runs; everything may be left out. */
export function ruleOf(rest: Partial<AlertRule> = {}): AlertRule {
  return {
    name: "failures",
    subject: { kind: "on", events: ["run.failed"] },
    workflows: [],
    where: undefined,
    forMs: 0,
    groupWaitMs: 0,
    repeatMs: 4 * 3_600_000,
    severity: "error",
    runbook: undefined,
    notify: ["ops"],
    ...rest,
  };
}

/** For tests: where alerts come from. */
export const alertSource: AlertSource = {
  workspaceId: "w",
  publicUrl: undefined,
  adviceOf: (about) => `See ${about}.`,
};

/** For tests: nothing that is watched besides the store. */
export function surroundings(rest: Partial<Surroundings> = {}): Surroundings {
  return {
    touches: async () => await Promise.resolve(true),
    health: { server: "here:1", checks: async () => await Promise.resolve([]) },
    lastSuites: async () => await Promise.resolve([]),
    webhooks: [],
    backups: async () => await Promise.resolve(null),
    backupMaxAgeMs: 86_400_000,
    stateBytes: async () => await Promise.resolve(1),
    freeRatio: async () => await Promise.resolve(0.5),
    burnRate: async () => await Promise.resolve({ state: "unknown", value: null, note: null }),
    ...rest,
  };
}

/** For tests: the history of a run from its start to its end. */
export async function recordRun(
  store: Store,
  id: string,
  state: string,
  { workflow = "ship", time = Date.now() }: { readonly workflow?: string; readonly time?: number } = {},
): Promise<void> {
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  await store.createRun(
    newRun(id, owner, {
      workflow,
      events: [{ ...eventOf("run.created"), time }],
      start: { admitBelow: 100_000, event: { ...eventOf("run.started"), time }, row: rowOf("running") },
    }),
  );
  const end = { ...eventOf("run.finished", { state }), time, reason: `it is ${state}` };
  const row = { ...rowOf(state), startedAt: time, endedAt: time };
  await store.append(id, [end], { expectedRunSeq: 2, fence: 1, row, release: true });
}

/** For tests: what is to be sent to a channel, oldest first. */
export async function messagesTo(store: Store, channel = "ops"): Promise<AlertMessage[]> {
  const rows = await store.listDeliveries({ hook: `channel:${channel}`, limit: 1_000 });
  return rows.toReversed().map(({ body }) => JSON.parse(body) as AlertMessage);
}

/** For tests: `firing workflow=ship` for each alert of each message. */
export function say(messages: readonly AlertMessage[]): string[] {
  return messages.map(({ alerts }) => alerts.map(sayAlert).join("; "));
}

function sayAlert({ state, labels }: Alert): string {
  const { workspace: _workspace, rule: _rule, ...about } = labels;
  return [state, ...Object.entries(about).map(([name, value]) => `${name}=${value}`)].join(" ");
}

/** For tests: judges a rule about failed runs and posts its messages to a URL, as fast as it can. */
export function startAlertsOf(store: Store, url: string): AsyncDisposable {
  const channel = makeHttpChannel({ name: "ops", attempts: 15, url: new URL(url), timeoutMs: 5_000 }, (message) => [
    { body: JSON.stringify(message) },
  ]);
  const sender = new AlertSender({ store, channel, claimMs: 500, observe: () => undefined, firstWaitMs: 1 });
  const judge = new AlertJudge({
    store,
    rules: [ruleOf()],
    source: alertSource,
    around: surroundings(),
    onMessages: () => sender.wake(),
    onFailure: (error) => {
      throw error;
    },
  });
  sender.start();
  judge.start();
  return {
    [Symbol.asyncDispose]: async () => {
      await judge.stop();
      await sender.stop(5_000);
    },
  };
}

/** For tests: a program that takes messages. */
export interface MessageReceiver extends AsyncDisposable {
  readonly url: string;
  readonly messages: readonly AlertMessage[];
}

/** For tests: starts a program that takes messages. @param statusOf what it answers to the nth, from 1 */
export async function receiveMessages(statusOf: (count: number) => number = () => 204): Promise<MessageReceiver> {
  const messages: AlertMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      messages.push(JSON.parse(Buffer.concat(chunks).toString()) as AlertMessage);
      response.writeHead(statusOf(messages.length)).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    messages,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
