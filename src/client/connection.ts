import { type ErrorCode, errorCatalogue } from "../lib/error-catalogue.ts";
import type { Diagnostic } from "../lib/diagnostics.ts";
import { MahavishnuError, UserFileError } from "../lib/errors.ts";
import { explainUnreachable } from "./unreachable.ts";

/** A server and who asks it. */
export interface Connection {
  /** Where the server is: `https://mahavishnu.example.test`. */
  readonly url: URL;
  readonly token: string | undefined;
  /** Of which trace this is a part, as W3C Trace Context has it. */
  readonly traceparent?: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** One request. */
export interface Call {
  readonly method: string;
  /** Below the server's address, with its query: `/v1/runs?limit=20`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly accept?: "application/json" | "text/event-stream";
}

const tokenFix = "Set MAHAVISHNU_TOKEN to a token of `mahavishnu token create`.";

/**
 * Reads the token of MAHAVISHNU_TOKEN; undefined when there is none.
 *
 * @throws MahavishnuError USAGE when it is none; the text itself is told to nobody.
 */
export function parseToken(text: string): string | undefined {
  const token = text.trim();
  if (token === "") return undefined;
  // What else is in a header could not be sent, and Node would quote the whole header in its error.
  if (/^[\w.~+/-]+=*$/.test(token)) return token;
  throw new MahavishnuError("USAGE", "MAHAVISHNU_TOKEN holds no token: there are characters in it that no token has", {
    fix: "Set it to the token alone, without quotes, spaces and line breaks.",
  });
}

/**
 * Reads the address of a server.
 *
 * @throws MahavishnuError USAGE when it is none, or would send a token over an open network.
 */
export function parseServerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new MahavishnuError("USAGE", `"${text}" is no address of a server`, {
      fix: "Give one such as https://mahavishnu.example.test or http://127.0.0.1:8680.",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new MahavishnuError("USAGE", "an address of a server holds no user and password", {
      fix: tokenFix,
    });
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new MahavishnuError(
      "USAGE",
      `${url.origin} is not on this machine, and http: would show the token to the network`,
      {
        fix: "Use https:.",
      },
    );
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Asks a server. An answer that is no success is thrown as the error that the server had.
 *
 * @throws MahavishnuError SERVER_UNREACHABLE, SERVER_ANSWER, or what the server says.
 */
export async function send({ url, token, traceparent, signal }: Connection, call: Call): Promise<Response> {
  const { method, path, headers = {}, body, accept = "application/json" } = call;
  let response: Response;
  try {
    response = await fetch(new URL(url.pathname.replace(/\/$/, "") + path, url), {
      method,
      headers: {
        accept,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(traceparent === undefined ? {} : { traceparent }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A token must not follow to wherever somebody points.
      redirect: "error",
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw explainUnreachable(url, error);
  }
  if (response.ok) return response;
  throw await readProblem(response, { url, isKnown: token !== undefined });
}

/** What an RFC 9457 problem of this product says. */
interface Problem {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly fix?: unknown;
  readonly diagnostics?: unknown;
}

/** A server of this product says what is wrong; without that, a proxy has found none. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

interface Asked {
  readonly url: URL;
  /** Whether a token was shown. */
  readonly isKnown: boolean;
}

async function readProblem(response: Response, asked: Asked): Promise<MahavishnuError> {
  const { url } = asked;
  const text = await response.text().catch(() => "");
  const problem = parseProblem(text);
  if (problem?.code === undefined && gatewayStatuses.has(response.status)) {
    const message = `${url.origin} cannot be reached: what stands before it answered ${response.status}`;
    return new MahavishnuError("SERVER_UNREACHABLE", message);
  }
  if (problem === undefined) {
    return new MahavishnuError(
      "SERVER_ANSWER",
      `${url.origin} answered ${response.status} and nothing that can be read`,
    );
  }
  const { code, detail, fix, diagnostics } = problem;
  const known: ErrorCode = isErrorCode(code) ? code : "SERVER_ANSWER";
  const options = typeof fix === "string" ? { fix } : {};
  if (Array.isArray(diagnostics) && diagnostics.length > 0) {
    return new UserFileError(diagnostics as Diagnostic[], known, options);
  }
  const message = typeof detail === "string" ? detail : `${url.origin} answered ${response.status}`;
  return explainHere(known, asked) ?? new MahavishnuError(known, message, options);
}

/** What is wrong on this side of the connection, of which the server knows nothing; else undefined. */
function explainHere(code: ErrorCode, { url, isKnown }: Asked): MahavishnuError | undefined {
  if (code === "UNAUTHENTICATED") {
    return isKnown
      ? new MahavishnuError(code, `${url.origin} does not take the token in MAHAVISHNU_TOKEN: it is not valid there`)
      : new MahavishnuError(code, `${url.origin} wants a token, and MAHAVISHNU_TOKEN is not set`, { fix: tokenFix });
  }
  if (code === "NOT_FOUND" && url.pathname !== "/") {
    return new MahavishnuError(code, `there is no API of mahavishnu below ${url.origin}${url.pathname}`, {
      fix: `Give the address without the path: ${url.origin}`,
    });
  }
  return undefined;
}

function parseProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorCatalogue, code);
}
