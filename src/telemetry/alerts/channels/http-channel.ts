import type { LookupFunction } from "node:net";
import { describeNoAnswer } from "../../../lib/describe-no-answer.ts";
import { messageOf } from "../../../lib/errors.ts";
import { refuseForbiddenHost } from "../../../lib/forbidden-addresses.ts";
import { postWebhook } from "../../../lib/post-webhook.ts";
import type { AlertMessage, Channel, ChannelAnswer } from "../alert.ts";

/** One request of a channel. */
export interface ChannelRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What channels over HTTP have in common. */
export interface HttpChannelOptions {
  readonly name: string;
  readonly attempts: number;
  /** It may hold a secret, and is in no message. */
  readonly url: URL;
  readonly timeoutMs: number;
  /** Only tests have another one. */
  readonly lookup?: LookupFunction;
}

/** Answers after which it is of no use to send the same again: the message itself is refused, or the place is gone for good. */
const finalStatuses = new Set([400, 410, 413, 422]);

/** A channel that posts each message in one request, or in several that are each told apart by the receiver. */
export function makeHttpChannel(
  options: HttpChannelOptions,
  requestsOf: (message: AlertMessage) => readonly ChannelRequest[],
): Channel {
  const { name, attempts, url } = options;
  return {
    name,
    attempts,
    send: async (message, signal) => {
      try {
        refuseForbiddenHost(url);
      } catch (error) {
        return { ok: false, final: true, error: messageOf(error), status: null, retryAfterMs: null };
      }
      // One that is refused keeps none of the others back: what is over behind it has to be told.
      const answers: ChannelAnswer[] = [];
      for (const request of requestsOf(message)) {
        const answer = await post(options, request, signal);
        answers.push(answer);
        // Nobody is there: all are sent again, and a time-out each would take longer than the message is ours.
        if (!answer.ok && answer.status === null) break;
      }
      const worst = answers.find((answer) => !answer.ok && !answer.final) ?? answers.find(({ ok }) => !ok);
      return worst ?? { ok: true, status: answers.at(-1)?.status ?? null };
    },
  };
}

async function post(
  { url, timeoutMs, lookup }: HttpChannelOptions,
  { headers, body }: ChannelRequest,
  signal: AbortSignal,
): Promise<ChannelAnswer> {
  try {
    const { status, retryAfterMs } = await postWebhook({
      url,
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "mahavishnu", ...headers },
      body,
      timeoutMs,
      signal,
      ...(lookup === undefined ? {} : { lookup }),
    });
    if (status >= 200 && status <= 299) return { ok: true, status };
    const redirect = status >= 300 && status <= 399 ? ", a redirect, which is not followed" : "";
    const final = finalStatuses.has(status);
    return { ok: false, final, error: `it answered ${status}${redirect}`, status, retryAfterMs };
  } catch (error) {
    return { ok: false, final: false, error: describeNoAnswer(error), status: null, retryAfterMs: null };
  }
}
