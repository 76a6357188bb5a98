import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { TextDecoder } from "node:util";
import { ActionError } from "../engine/contract.ts";
import { formatDuration } from "../lib/duration.ts";
import { describeNoAnswer } from "../lib/describe-no-answer.ts";
import { ForbiddenAddressError, lookupAllowed, refuseForbiddenHost } from "../lib/forbidden-addresses.ts";

/** One request, redirects included. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | undefined;
  /** How many redirects are followed. */
  readonly redirects: number;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  /** What is longer is cut off and not read. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

/** The last answer of an exchange. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly truncated: boolean;
  readonly url: URL;
  readonly redirects: number;
}

/** Headers that go with a redirect to another origin: any other may carry a credential. */
const harmlessHeaders = new Set(["accept", "accept-language", "content-type", "idempotency-key", "user-agent"]);

type Hop = Pick<Exchange, "url" | "method" | "headers" | "body">;

/**
 * Sends a request and follows redirects, each hop checked against forbidden addresses.
 *
 * @throws ActionError `infrastructure` when the network fails or time runs out, `exit` when the address or a redirect is
 * refused; the signal's reason when aborted.
 */
export async function exchange(request: Exchange): Promise<Answer> {
  const limit = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([request.signal, limit]);
  let hop: Hop = request;
  try {
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(hop, signal);
      const next = request.redirects === 0 ? null : followRedirect(hop, response);
      if (next === null) {
        const { body, truncated } = await readBody(response, request.maxBodyBytes);
        return { status: response.statusCode ?? 0, body, truncated, url: hop.url, redirects };
      }
      response.destroy();
      if (redirects === request.redirects)
        throw new ActionError(`${request.url.origin} redirects more than ${request.redirects} times`);
      hop = next;
    }
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof ActionError) throw error;
    if (error instanceof ForbiddenAddressError) throw new ActionError(`${error.message}; steps may not talk to it`);
    const { origin } = hop.url;
    const message = limit.aborted
      ? `${origin} gave no whole answer within ${formatDuration(request.timeoutMs)}`
      : `${origin}: ${describeNoAnswer(error)}`;
    throw new ActionError(message, "infrastructure", { cause: error });
  }
}

function send({ url, method, headers, body }: Hop, signal: AbortSignal): Promise<IncomingMessage> {
  refuseForbiddenHost(url);
  return new Promise((resolve, reject) => {
    const start = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = start(url, {
      method,
      headers: {
        ...Object.fromEntries(headers),
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      },
      // An agent of its own: no connection of another step, and no proxy that would resolve the name for us.
      agent: false,
      lookup: lookupAllowed,
      signal,
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end(body);
  });
}

function followRedirect(
  { url, method, headers, body }: Hop,
  { statusCode = 0, headers: given }: IncomingMessage,
): Hop | null {
  if (![301, 302, 303, 307, 308].includes(statusCode) || given.location === undefined) return null;
  const next = URL.parse(given.location, url.href);
  if (next === null || (next.protocol !== "http:" && next.protocol !== "https:")) {
    throw new ActionError(`${url.origin} redirects to something that is no http: or https: URL`);
  }
  if (url.protocol === "https:" && next.protocol === "http:") {
    throw new ActionError(`${url.origin} redirects from https: to http:, which is not followed`);
  }
  const kept =
    next.origin === url.origin ? headers : new Map([...headers].filter(([name]) => harmlessHeaders.has(name)));
  // As browsers and fetch do: 303 asks for a GET, and so do 301 and 302 after a POST.
  const becomesGet =
    (statusCode === 303 && method !== "HEAD") || ([301, 302].includes(statusCode) && method === "POST");
  if (!becomesGet) return { url: next, method, headers: kept, body };
  const withoutBody = new Map([...kept].filter(([name]) => !name.startsWith("content-")));
  return { url: next, method: "GET", headers: withoutBody, body: undefined };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop ends the connection, so a body without an end costs nothing.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const bytes = Buffer.concat(chunks);
  // `stream` keeps back a character that the cut has halved.
  const body = makeDecoder(response.headers["content-type"]).decode(bytes.subarray(0, maxBytes), { stream: true });
  return { body, truncated: length > maxBytes };
}

function makeDecoder(contentType = ""): TextDecoder {
  const label = /charset="?([\w.:-]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
