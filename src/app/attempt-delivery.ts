import type { LookupFunction } from "node:net";
import { signMessage } from "../access/webhook-signature.ts";
import { describeNoAnswer } from "../lib/describe-no-answer.ts";
import { messageOf } from "../lib/errors.ts";
import { refuseForbiddenHost } from "../lib/forbidden-addresses.ts";
import { waitAfter } from "../lib/wait-after.ts";
import type { DeliveryOutcome, DeliveryRow } from "../store/webhook-contract.ts";
import { postWebhook, type WebhookAnswer } from "../lib/post-webhook.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

/** The wait after the first failure; each further one is twice as long; see `waitAfter`. */
export const firstWaitMs = 5_000;
/** No receiver may put off a delivery for longer. */
const longestRetryAfterMs = 86_400_000;

/** What an attempt needs besides the delivery. */
export interface AttemptParts {
  readonly signal: AbortSignal;
  /** Only tests have another one. */
  readonly lookup?: LookupFunction;
  /** The wait after the first failure; only tests have a shorter one. */
  readonly firstWaitMs?: number;
}

/** Sends a delivery once and says what follows: it is there, it is tried again later, or it is given up. Never throws. */
export async function attemptDelivery(
  { id, body, attempts }: Pick<DeliveryRow, "id" | "body" | "attempts">,
  hook: OutgoingHook,
  { signal, lookup, firstWaitMs: firstMs = firstWaitMs }: AttemptParts,
): Promise<DeliveryOutcome> {
  const later = (error: string, status: number | null, waitMs: number): DeliveryOutcome => ({
    state: attempts >= hook.attempts ? "dead" : "pending",
    dueAt: Date.now() + waitMs,
    status,
    error,
  });
  const waitMs = waitAfter(attempts, Math.random(), firstMs);
  try {
    refuseForbiddenHost(hook.url);
  } catch (error) {
    // It stays what it is, however often it is tried.
    return { state: "dead", dueAt: Date.now(), status: null, error: messageOf(error) };
  }
  let answer: WebhookAnswer;
  try {
    const timestamp = Math.floor(Date.now() / 1000);
    answer = await postWebhook({
      url: hook.url,
      headers: {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "mahavishnu",
        ...signMessage({ id, timestamp, body, keys: hook.keys }),
      },
      body,
      timeoutMs: hook.timeoutMs,
      signal,
      ...(lookup === undefined ? {} : { lookup }),
    });
  } catch (error) {
    // Stopped in the middle: whoever comes next need not wait, and it is not the receiver's fault.
    if (signal.aborted) return { state: "pending", dueAt: Date.now(), status: null, error: "the server was stopped" };
    return later(describeNoAnswer(error), null, waitMs);
  }
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status <= 299) return { state: "delivered", dueAt: Date.now(), status, error: null };
  if (status === 410) {
    return { state: "dead", dueAt: Date.now(), status, error: "it answered 410: it is gone for good" };
  }
  const isRedirect = status >= 300 && status <= 399;
  const error = `it answered ${status}${isRedirect ? ", a redirect, which is not followed" : ""}`;
  return later(error, status, Math.max(waitMs, Math.min(retryAfterMs ?? 0, longestRetryAfterMs)));
}
