import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { formatDuration } from "./duration.ts";
import { lookupAllowed, refuseForbiddenHost } from "./forbidden-addresses.ts";

/** One message to be sent. */
export interface WebhookPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds from the first byte to the end of the answer's head. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Only tests have another one. */
  readonly lookup?: LookupFunction;
}

/** What the receiver said; what it wrote is not read. */
export interface WebhookAnswer {
  readonly status: number;
  /** Milliseconds that it asks to wait; null when it does not. */
  readonly retryAfterMs: number | null;
}

/**
 * Posts a message once. Redirects are not followed, and the body of the answer is thrown away.
 *
 * @throws ForbiddenAddressError when the host is a link-local address or a metadata service, by its name too; Error when there is no
 * answer; the signal's reason when aborted.
 */
export async function postWebhook(post: WebhookPost): Promise<WebhookAnswer> {
  const { url, timeoutMs } = post;
  refuseForbiddenHost(url);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(post, AbortSignal.any([post.signal, limit]));
    const { statusCode = 0, headers } = response;
    // Whatever it goes on to say: nobody listens.
    response.destroy();
    return { status: statusCode, retryAfterMs: readRetryAfter(headers["retry-after"], Date.now()) };
  } catch (error) {
    post.signal.throwIfAborted();
    if (limit.aborted) throw new Error(`no answer within ${formatDuration(timeoutMs)}`, { cause: error });
    throw error;
  }
}

function send(
  { url, headers, body, lookup = lookupAllowed }: WebhookPost,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = start(url, {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      // An agent of its own: no connection that was made to another address, and no proxy that would resolve the name for us.
      agent: false,
      lookup,
      signal,
    });
    request.once("response", resolve);
    // It may go on to fail after it has answered; the answer counts.
    request.on("error", reject);
    request.end(body);
  });
}

/** `Retry-After` in seconds or as a date, in milliseconds from now. */
export function readRetryAfter(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
