import { validateHeaderName, validateHeaderValue } from "node:http";
import * as z from "zod";
import { type ActionContext, ActionError, type Outputs } from "../engine/contract.ts";
import { durationForms, formatDuration, parseDuration } from "../lib/duration.ts";
import { defineAction } from "./define-action.ts";
import { exchange, type Exchange } from "./exchange.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Headers that the connection itself decides about. */
const ownHeaders = new Set(["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"]);

const Status = z.int().min(100).max(599);

const Input = z.strictObject({
  url: z.string().min(1).describe("`http:` or `https:`, without user and password."),
  method: z.enum(methods).default("GET").describe("The method."),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe("Headers; `Idempotency-Key` is added unless it is given."),
  body: z.string().optional().describe("A text to send."),
  json: z.unknown().optional().describe("A value to send as JSON, instead of `body`."),
  expectStatus: z
    .union([Status, z.array(Status).min(1)], { error: "must be a status such as 200, or a list of them" })
    .optional()
    .describe("The status, or statuses, that are a success; 200 to 299 if left out."),
  timeout: z
    .string()
    .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/, `must be a duration such as ${durationForms}`)
    .default("30s")
    .describe("Time limit of the whole exchange."),
  redirects: z.int().min(0).max(10).default(5).describe("How many redirects are followed."),
});

/** Characters of an answer that become the output `body`; it is kept in the history of the run. */
export const maxBodyBytes = 64 * 1024;

/** `http/request`: sends one request and follows redirects. */
export const httpRequest = defineAction({
  name: "http/request",
  description:
    "Sends an HTTP request. Network failures, 429 and 5xx count as `infrastructure` and are tried again; other unexpected answers count as `exit`. Link-local addresses and metadata services of clouds are refused, also behind names and redirects.",
  input: Input,
  needsRepository: false,
  outputs: {
    status: "status of the answer",
    body: `the answer as text, at most ${maxBodyBytes / 1024} KiB`,
    truncated: "`true` when the answer was longer",
    url: "where the answer came from, after redirects",
  },
  run: async (input, context) => {
    const request = prepare(input, context);
    const started = performance.now();
    const answer = await exchange(request);
    const took = formatDuration(performance.now() - started);
    context.log(
      `${request.method} ${showUrl(request.url)}: ${answer.status} in ${took}${answer.redirects > 0 ? `, after ${answer.redirects} redirects` : ""}`,
    );
    judge(input.expectStatus, request, answer.status, answer.body);
    return outputsOf(answer);
  },
});

function prepare(input: z.output<typeof Input>, context: ActionContext): Exchange {
  const { method, redirects, timeout } = input;
  const url = readUrl(input.url);
  const headers = readHeaders(input.headers);
  if (input.body !== undefined && input.json !== undefined)
    throw new ActionError("http/request takes `body` or `json`, not both");
  const body = input.json === undefined ? input.body : JSON.stringify(input.json);
  if (body !== undefined && (method === "GET" || method === "HEAD"))
    throw new ActionError(`a ${method} request has no body`);
  if (input.json !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  if (!headers.has("idempotency-key")) headers.set("idempotency-key", context.idempotencyKey);
  if (!headers.has("user-agent")) headers.set("user-agent", "mahavishnu");
  const timeoutMs = parseDuration(timeout) ?? 0;
  return { url, method, headers, body, redirects, timeoutMs, maxBodyBytes, signal: context.signal };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new ActionError(`"${text}" is not a URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new ActionError(`${url.protocol} is not supported: give an http: or https: URL`);
  if (url.username !== "" || url.password !== "")
    throw new ActionError("a URL must not hold a user and password: give a header, Authorization");
  return url;
}

function readHeaders(given: Readonly<Record<string, string>>): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (error) {
      // Node's message holds no value, which may be a secret.
      throw new ActionError(
        `header ${JSON.stringify(name)} has a wrong name or a value that no header can hold`,
        "exit",
        { cause: error },
      );
    }
    if (ownHeaders.has(name.toLowerCase())) throw new ActionError(`the header ${name} is set by the connection itself`);
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

function judge(
  expected: number | readonly number[] | undefined,
  { method, url }: Exchange,
  status: number,
  body: string,
): void {
  const wanted = expected === undefined || typeof expected !== "number" ? expected : [expected];
  if (wanted === undefined ? status >= 200 && status <= 299 : wanted.includes(status)) return;
  const wish = wanted === undefined ? "200 to 299" : wanted.join(" or ");
  const said = body.trim() === "" ? "" : `: ${body.trim().replaceAll(/\s+/g, " ").slice(0, 200)}`;
  const failure = status === 429 || status >= 500 ? "infrastructure" : "exit";
  throw new ActionError(`${method} ${showUrl(url)} answered ${status}, expected ${wish}${said}`, failure);
}

function outputsOf({ status, body, truncated, url }: Awaited<ReturnType<typeof exchange>>): Outputs {
  return { status: String(status), body, truncated: String(truncated), url: showUrl(url) };
}

/** A URL without its query, which may hold what no log should. */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
