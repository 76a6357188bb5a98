import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { readSigningKey } from "../access/webhook-signature.ts";
import { Secret } from "../lib/secret.ts";
import { eventOf, livingOwner, newRun, rowOf } from "../store/store-fixture.ts";
import type { Store } from "../store/contract.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

/** For tests: one message as a receiver got it. */
export interface ReceivedMessage {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the library of Standard Webhooks says it holds, after it has proved the signature. */
  readonly event: Readonly<Record<string, unknown>>;
}

/** For tests: a program that takes webhooks. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly messages: readonly ReceivedMessage[];
}

/** For tests: a secret in the form of Standard Webhooks. */
export function newHookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** For tests: starts a receiver that proves every signature with an implementation that is not ours. */
export async function startReceiver(
  secret: string,
  answer: (response: ServerResponse, message: ReceivedMessage, count: number) => void = (response) => {
    response.writeHead(204).end();
  },
): Promise<Receiver> {
  const peer = new Webhook(secret);
  const messages: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      try {
        const event = peer.verify(text, request.headers as Record<string, string>) as ReceivedMessage["event"];
        const message = { id: String(request.headers["webhook-id"]), headers: request.headers, text, event };
        messages.push(message);
        answer(response, message, messages.length);
      } catch {
        response.writeHead(418).end();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    messages,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** For tests: a hook that is sent to. */
export function outgoingHook(url: string, secret: string, rest: Partial<OutgoingHook> = {}): OutgoingHook {
  const keys = [readSigningKey(new Secret(secret), "secret")];
  const common = { on: ["run.finished"], workflows: [], where: undefined, timeoutMs: 5_000, attempts: 15 };
  return { name: "chat", url: new URL(url), ...common, keys, ...rest };
}

/** For tests: the history of a run from its start to its end. */
export async function recordEndedRun(store: Store, id: string, state = "succeeded", workflow = "w"): Promise<void> {
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  const time = Date.now();
  await store.createRun(
    newRun(id, owner, {
      workflow,
      events: [{ ...eventOf("run.created"), time }],
      start: { admitBelow: 10_000, event: { ...eventOf("run.started"), time }, row: rowOf("running") },
    }),
  );
  const end = { ...eventOf("run.finished", { state }), time, reason: `it is ${state}` };
  await store.append(id, [end], { expectedRunSeq: 2, fence: 1, row: rowOf(state), release: true });
}

/** For tests: waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** For tests: a process of its own that sends what a store holds. */
export async function startDelivererProcess(
  file: string,
  hook: {
    readonly url: string;
    readonly secret: string;
    /** How long a delivery stays with a process of which nothing is heard. */
    readonly claimMs?: number;
  },
): Promise<AsyncDisposable & { kill(): void }> {
  const child = fork(
    join(import.meta.dirname, "webhook-process.ts"),
    [file, hook.url, hook.secret, String(hook.claimMs ?? 35_000)],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  );
  await once(child, "message");
  return {
    kill: () => void child.kill("SIGKILL"),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
