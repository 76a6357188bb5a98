import { lookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { lookupAllowed, refuseForbiddenHost } from "../lib/forbidden-addresses.ts";

/** Bounds of one request to an issuer. */
export interface FetchLimits {
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What is sent to an issuer. */
export interface IssuerRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What an issuer has answered, whatever its status. */
export interface IssuerAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/**
 * Asks an issuer. Over https, or over http from this very machine; never a link-local address or a metadata service, and no redirect is
 * followed.
 *
 * @throws Error that says what went wrong, without anything of the answer.
 */
export async function askIssuer(
  address: string,
  request: IssuerRequest,
  { timeoutMs, maxBytes, signal }: FetchLimits,
): Promise<IssuerAnswer> {
  const url = expectIssuerUrl(address);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, request, AbortSignal.any([signal, limit]));
    const body = await readBody(response, maxBytes);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } catch (error) {
    if (limit.aborted) throw new Error(`${url.origin} gave no answer within ${timeoutMs} ms`, { cause: error });
    throw error;
  }
}

/** A URL of an issuer that may be asked, or that a browser may be sent to. @throws Error that says why not. */
export function expectIssuerUrl(address: string): URL {
  const url = URL.parse(address);
  if (url === null) throw new Error("a document of the issuer has no valid URL");
  const isPlain = url.protocol === "http:";
  if ((!isPlain && url.protocol !== "https:") || url.username !== "" || url.password !== "") {
    throw new Error(`${url.protocol}//${url.host} is no plain https: URL`);
  }
  if (isPlain && !namesThisMachine(url.hostname)) throw new Error(`${url.origin} must be https:`);
  refuseForbiddenHost(url);
  return url;
}

function send(url: URL, { method, headers, body }: IssuerRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isPlain = url.protocol === "http:";
    const start = isPlain ? requestHttp : requestHttps;
    const request = start(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
      // An agent of its own: no proxy that would resolve the name for us.
      agent: false,
      lookup: isPlain ? lookupHere : lookupAllowed,
      signal,
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end(body);
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
