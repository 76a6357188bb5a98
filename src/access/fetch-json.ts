import { lookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { lookupAllowed, refuseForbiddenHost } from "../lib/forbidden-addresses.ts";

/** Bounds of one request for a document. */
export interface FetchLimits {
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Gets a JSON document from an issuer. Over https, or over http from this very machine; never from a link-local address or a metadata
 * service, and no redirect is followed.
 *
 * @throws Error that says what went wrong, without any of the document.
 */
export async function fetchJson(address: string, { timeoutMs, maxBytes, signal }: FetchLimits): Promise<unknown> {
  const url = URL.parse(address);
  if (url === null) throw new Error("a document of the issuer has no valid URL");
  const isPlain = url.protocol === "http:";
  if ((!isPlain && url.protocol !== "https:") || url.username !== "" || url.password !== "") {
    throw new Error(`${url.protocol}//${url.host} is no plain https: URL`);
  }
  if (isPlain && !namesThisMachine(url.hostname)) throw new Error(`${url.origin} must be https:`);
  refuseForbiddenHost(url);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, isPlain, AbortSignal.any([signal, limit]));
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`${url.origin} answered ${response.statusCode}`);
    }
    return JSON.parse(await readBody(response, maxBytes)) as unknown;
  } catch (error) {
    if (limit.aborted) throw new Error(`${url.origin} gave no answer within ${timeoutMs} ms`, { cause: error });
    if (error instanceof SyntaxError) throw new Error(`${url.origin} gave no JSON`, { cause: error });
    throw error;
  }
}

function send(url: URL, isPlain: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = isPlain ? requestHttp : requestHttps;
    const request = start(url, {
      headers: { accept: "application/json" },
      // An agent of its own: no proxy that would resolve the name for us.
      agent: false,
      lookup: isPlain ? lookupHere : lookupAllowed,
      signal,
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end();
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > maxBytes) throw new Error(`a document of the issuer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function namesThisMachine(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version === 4 ? address.startsWith("127.") : version === 6 && address === "::1";
}

/** `localhost` is what the resolver says, and that need not be this machine. */
const lookupHere: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, [], 0);
    if (!addresses.every(({ address }) => isLoopback(address))) {
      return callback(new Error(`${hostname} is not this machine`), [], 0);
    }
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};
