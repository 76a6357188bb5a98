import { createHash, randomBytes } from "node:crypto";
import { type MessageHeaders, proveMessage } from "../access/webhook-signature.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { isJsonObject } from "../lib/json.ts";
import type { AppContext } from "./app-context.ts";
import { ownKey } from "./own-key.ts";
import { perform } from "./perform.ts";
import { startRun } from "./use-cases/start-run.ts";
import { hookSubject, type IncomingHook } from "./webhook-hooks.ts";

/** A message as it came. */
export interface IncomingMessage {
  /** The webhook that is meant, as the sender wrote it. */
  readonly name: string;
  readonly headers: MessageHeaders;
  /** Byte for byte. */
  readonly body: Buffer;
  readonly from: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** What became of a message. */
export type Reception =
  /** It does not count; why is for the audit trail and never for the sender. */
  | { readonly kind: "refused"; readonly reason: string }
  /** GitHub asks whether anybody is there. */
  | { readonly kind: "ping" }
  | { readonly kind: "started"; readonly runId: string; readonly created: boolean };

/**
 * GitHub's messages have no time stamp, so they are remembered for longer than GitHub keeps them for sending again (3 days). The run
 * that one has begun is remembered as long as its history.
 */
const githubKeptMs = 7 * 86_400_000;

/** Takes messages; see `openReceiver`. */
export type Receiver = (message: IncomingMessage) => Promise<Reception>;

/**
 * Makes what takes messages of incoming webhooks: proves them, sees to it that each has its effect once, and starts the workflow as
 * the webhook's own subject, through the door.
 *
 * @example
 * const receive = openReceiver(app, readIncomingHooks(app));
 */
export function openReceiver(app: AppContext, hooks: ReadonlyMap<string, IncomingHook>): Receiver {
  // A name that is not there is refused after the same work as a signature that is not right.
  const nobody = { scheme: "standard", keys: [randomBytes(32)], windowMs: 0 } as const;
  return async ({ name, headers, body, from, requestId, signal }) => {
    const hook = hooks.get(name);
    const { scheme, keys, windowMs } = hook ?? nobody;
    const now = Date.now();
    const proved = proveMessage({ headers, body }, { scheme, keys, windowMs, now });
    if (hook === undefined) return { kind: "refused", reason: "there is no such webhook" };
    if ("refused" in proved) return { kind: "refused", reason: `a message of webhook ${hook.name}: ${proved.refused}` };
    // The name of the event is not signed; with this one, nothing is begun.
    if (scheme === "github" && headers["x-github-event"] === "ping") return { kind: "ping" };
    const store = await app.store();
    const { id, sentAt } = proved;
    const runKey = `webhook:${name}:${createHash("sha256").update(id).digest("base64url")}`;
    const keptUntil = sentAt === null ? now + githubKeptMs : Math.max(now, sentAt) + 2 * windowMs;
    const subject = { name: hookSubject(name), groups: [] };
    const admission = await store.admitMessage({
      hook: name,
      id,
      sentAt,
      keptUntil,
      runKey: ownKey(subject.name, runKey),
    });
    if (admission === "replayed") {
      return { kind: "refused", reason: `a message of webhook ${name} came again and was no new sending` };
    }
    const context = app.actFor({ subject, from, requestId, signal, ...traceOf(headers) });
    const inputs = readInputs(hook, parseBody(body));
    const { workflow, select } = hook;
    const { runId, created } = await perform(context, startRun, {
      workflow,
      inputs,
      idempotencyKey: runKey,
      detach: true,
      reason: `started by webhook ${name}`,
      ...(select === undefined ? {} : { select }),
    });
    return { kind: "started", runId, created };
  };
}

/** Where the sender is in a trace of its own. */
function traceOf({ traceparent }: MessageHeaders): { readonly traceparent?: string } {
  return typeof traceparent === "string" ? { traceparent } : {};
}

/** A body without anything in it is null. @throws MahavishnuError USAGE */
function parseBody(body: Buffer): unknown {
  if (body.length === 0) return null;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new MahavishnuError("USAGE", "the body of a message is JSON", { fix: "Send it as application/json.", cause });
  }
}

/** The inputs of the workflow as texts. What the body does not have is left out: the workflow's default counts. */
export function readInputs({ inputs }: Pick<IncomingHook, "inputs">, body: unknown): Readonly<Record<string, string>> {
  const found = Object.entries(inputs).flatMap(([name, source]): [string, string][] => {
    if (!source.startsWith("/")) return [[name, source.startsWith("=") ? source.slice(1) : source]];
    const value = resolvePointer(body, source);
    if (value === undefined || value === null) return [];
    return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
  });
  return Object.fromEntries(found);
}

/** The value at a JSON Pointer (RFC 6901); undefined when there is none. */
export function resolvePointer(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d{0,8})$/.test(key) ? (at[Number(key)] as unknown) : undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}
