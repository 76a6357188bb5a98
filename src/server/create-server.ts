import { createHash, randomUUID } from "node:crypto";
import type { ServerOptions as TlsOptions } from "node:https";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AppContext } from "../app/app-context.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { answerStream } from "./answer-stream.ts";
import type { CallerOf, IdentifiedCaller } from "./identify-caller.ts";
import { allOperations } from "./operations/all-operations.ts";
import { describeApi } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import { toProblem } from "./problem.ts";
import { RequestValidator } from "./validate.ts";

/** What the HTTP side of a server is made of. */
export interface HttpOptions {
  readonly app: AppContext;
  readonly callerOf: CallerOf;
  /** Bytes of a body at most. */
  readonly maxBody: number;
  /** Milliseconds that a caller may take to send a request. */
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  readonly tls?: TlsOptions;
  /** Aborted when the server is being stopped: streams end, so that their followers go on elsewhere. */
  readonly stopping: AbortSignal;
  readonly logger?: FastifyBaseLogger;
}

/**
 * Makes the HTTP server with all its routes; it does not listen yet.
 *
 * @example
 * const http = createHttpServer(options);
 * await http.listen({ host: "127.0.0.1", port: 8680 });
 */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { maxBody, requestTimeoutMs, maxConnections, tls } = options;
  const server = fastify({
    ...(tls === undefined ? {} : { https: tls }),
    logger: false,
    bodyLimit: maxBody,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    // Anything else in the way of a path is no route: one address for one thing.
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 200 },
    return503OnClosing: true,
    forceCloseConnections: "idle",
    ajv: { customOptions: { coerceTypes: false } },
  }) as unknown as FastifyInstance;
  server.server.maxConnections = maxConnections;
  server.server.headersTimeout = Math.min(requestTimeoutMs, server.server.headersTimeout);

  // JSON alone: a form of another page cannot send it without being asked.
  server.removeContentTypeParser("text/plain");
  server.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  server.setErrorHandler(async (error, request, reply) => await answerProblem(reply, explain(error), request.id));
  server.setNotFoundHandler(async (request, reply) => {
    const error = new MahavishnuError(
      "NOT_FOUND",
      `there is nothing at ${request.method} ${request.url.split("?")[0]}`,
    );
    return await answerProblem(reply, error, request.id);
  });
  const document = JSON.stringify(describeApi(allOperations));
  server.get("/openapi.json", async (_request, reply) => await reply.type("application/json").send(document));
  const validator = new RequestValidator();
  for (const operation of allOperations) addRoute(server, operation, { ...options, validator });
  return server;
}

interface RouteParts extends HttpOptions {
  readonly validator: RequestValidator;
}

function addRoute(server: FastifyInstance, operation: Operation, parts: RouteParts): void {
  const { method, path, parts: places, status } = operation;
  const { app, callerOf, validator, stopping } = parts;
  const checkParams = places.params && validator.compile("params", places.params);
  const checkQuery = places.query && validator.compile("query", places.query);
  const checkBody = places.body && validator.compile("body", places.body);

  const callers = new WeakMap<FastifyRequest, IdentifiedCaller>();

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const params = { ...(request.params as object) };
    const query = { ...(request.query as object) };
    const body = request.body === undefined || request.body === null ? {} : request.body;
    if (typeof body !== "object" || Array.isArray(body)) throw new MahavishnuError("USAGE", "body must be object");
    checkParams?.(params);
    checkQuery?.(query);
    checkBody?.(body);
    const input = { ...(places.body === undefined ? query : body), ...params, ...readHeaders(request, operation) };
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, stopping]);
    const caller = callers.get(request);
    if (caller === undefined) throw new MahavishnuError("UNAUTHENTICATED", "nobody is known to have asked");
    const context = app.actFor({
      ...caller,
      requestId: request.id,
      signal: operation.events === null ? gone.signal : signal,
    });
    await refuseUnseen(request, operation, context, input);
    const answer = await operation.answer(context, input);
    if (answer.frames !== undefined) {
      await answerStream(reply, answer.frames, signal);
      return reply;
    }
    if (answer.location !== undefined) reply.header("location", answer.location);
    reply.code(status).type("application/json");
    return method === "GET" ? answerTagged(request, reply, answer.body) : reply.send(JSON.stringify(answer.body));
  };
  server.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    // Before a body is read: who may not ask at all costs nothing.
    onRequest: async (request) => void callers.set(request, await callerOf(request)),
    handler: handle,
  });
}

/** Who decided by what they saw is refused when it is not so any more. @throws MahavishnuError PRECONDITION_FAILED */
async function refuseUnseen(
  { headers }: FastifyRequest,
  { seen }: Operation,
  context: AppContext,
  input: object,
): Promise<void> {
  const wanted = headers["if-match"];
  if (wanted === undefined || seen === null) return;
  const tag = tagOf(JSON.stringify(await seen(context, input)));
  if (wanted.trim() === "*" || wanted.split(/\s*,\s*/).includes(tag)) return;
  throw new MahavishnuError("PRECONDITION_FAILED", `it is not as ${wanted.slice(0, 100)} any more`);
}

/** A reader that has this already is told so, and nothing more. */
function answerTagged(request: FastifyRequest, reply: FastifyReply, body: unknown): FastifyReply {
  const text = JSON.stringify(body);
  const tag = tagOf(text);
  reply.header("etag", tag);
  reply.header("cache-control", "private, no-cache");
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(tag) === true) return reply.code(304).send();
  return reply.send(text);
}

/** The entity tag of a representation. */
export function tagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

function readHeaders(request: FastifyRequest, { parts, events, resume }: Operation): object {
  const key = request.headers["idempotency-key"];
  const lastEventId = request.headers["last-event-id"];
  return {
    ...(parts.takesIdempotencyKey && key !== undefined ? { idempotencyKey: readKey(key) } : {}),
    ...(events !== null && typeof lastEventId === "string" && lastEventId !== "" ? resume(lastEventId) : {}),
  };
}

function readKey(key: string | string[]): string {
  if (typeof key === "string" && key.length <= 200 && key !== "") return key;
  throw new MahavishnuError("USAGE", "an Idempotency-Key is one text of at most 200 characters");
}

async function answerProblem(reply: FastifyReply, error: unknown, requestId: string): Promise<FastifyReply> {
  const problem = toProblem(error, requestId);
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="mahavishnu"');
  if (problem.status === 503) reply.header("retry-after", "1");
  return await reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

/** What the framework says of a request, in the words of this product. */
function explain(error: unknown): unknown {
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (error instanceof MahavishnuError || statusCode === undefined || statusCode >= 500) return error;
  if (statusCode === 413) return new MahavishnuError("BODY_TOO_LARGE", "the body is too large");
  if (statusCode === 415) return new MahavishnuError("USAGE", "a body is sent as application/json");
  return new MahavishnuError(
    "USAGE",
    code?.startsWith("FST_") === true ? (message ?? "bad request") : "the request cannot be read",
  );
}
