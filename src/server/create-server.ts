import { randomUUID } from "node:crypto";
import type { ServerOptions as TlsOptions } from "node:https";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AppContext } from "../app/app-context.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { findMethods } from "./allowed-methods.ts";
import { answerStream } from "./answer-stream.ts";
import { answerRawError, renderRawProblem } from "./answer-raw-errors.ts";
import { registerCors } from "./cors.ts";
import { namesTag, tagOf } from "./entity-tag.ts";
import { type Guard, guardCallers } from "./guard-callers.ts";
import { type FolderVeil, hideFolders } from "./hide-folders.ts";
import { registerHostCheck } from "./host-check.ts";
import { addHealthRoutes, type HealthSource } from "./health-routes.ts";
import type { CallerOf, IdentifiedCaller } from "./identify-caller.ts";
import { registerLogin, type SignIn } from "./login.ts";
import { allOperations } from "./operations/all-operations.ts";
import { describeApi } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import { registerJsonParser } from "./parse-json.ts";
import { toProblem } from "./problem.ts";
import { RefusalTrail } from "./refusal-trail.ts";
import { refuseQuery } from "./refuse-query.ts";
import { registerRequestForm } from "./request-form.ts";
import { retryAfterOf } from "./retry-after.ts";
import { registerSecureHeaders, secureHeaders } from "./secure-headers.ts";
import { readForwarded } from "./trust-proxies.ts";
import { RequestValidator } from "./validate.ts";
import { addWebhookRoute } from "./webhook-route.ts";

/** What the HTTP side of a server is made of. */
export interface HttpOptions {
  readonly app: AppContext;
  readonly callerOf: CallerOf;
  /** How people sign in with a browser; null where they cannot. */
  readonly signIn: SignIn | null;
  /** Bytes of a body at most. */
  readonly maxBody: number;
  /** Milliseconds that a caller may take to send a request. */
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  /** Whether it listens where only this machine can connect. */
  readonly isLoopback: boolean;
  readonly tls?: TlsOptions;
  readonly health: HealthSource;
  /** Aborted when the server is being stopped: streams end, so that their followers go on elsewhere. */
  readonly stopping: AbortSignal;
  readonly logger?: FastifyBaseLogger;
}

/** A connection over which nothing goes for so long, in either direction, is ended; streams send something more often. */
const silentMs = 120_000;

/**
 * Makes the HTTP server with all its routes; it does not listen yet.
 *
 * @example
 * const http = createHttpServer(options);
 * await http.listen({ host: "127.0.0.1", port: 8680 });
 */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { app, maxBody, requestTimeoutMs, maxConnections, isLoopback, tls, stopping } = options;
  const hasTls = tls !== undefined;
  const { config } = app.loaded;
  const { requestsPerMinute, trustProxy } = config.server;
  // How often Node looks for clients that are too slow; a request without a host is refused by us, in our own words.
  const connections = { connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs), requireHostHeader: false };
  const server = fastify({
    ...(hasTls ? { https: { ...tls, ...connections, handshakeTimeout: requestTimeoutMs } } : { http: connections }),
    logger: false,
    bodyLimit: maxBody,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    connectionTimeout: silentMs,
    clientErrorHandler: (error, socket) => answerRawError(error, socket, hasTls),
    frameworkErrors: (_error, { id }, { raw }) => {
      const body = renderRawProblem(400, "the path cannot be read, or a part of it is too long", id);
      const type = { "content-type": "application/problem+json", "content-length": Buffer.byteLength(body) };
      raw.writeHead(400, { ...secureHeaders(hasTls), ...type, "x-request-id": id }).end(body);
    },
    // None is trusted where none is named.
    trustProxy: trustProxy.length > 0 && [...trustProxy],
    genReqId: () => randomUUID(),
    // Anything else in the way of a path is no route: one address for one thing.
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 200 },
    // Said below, in our own words.
    return503OnClosing: false,
    // A stream that is asked for its head alone would begin all the same.
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    ajv: { customOptions: { coerceTypes: false } },
  }) as unknown as FastifyInstance;
  server.server.maxConnections = maxConnections;
  server.server.headersTimeout = Math.min(requestTimeoutMs, server.server.headersTimeout);

  const hide = hideFolders(app.loaded);
  const refusals = new RefusalTrail({ store: app.store });
  const guard = guardCallers({ callerOf: options.callerOf, refusals, requestsPerMinute });
  server.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  if (trustProxy.length > 0) readForwarded(server);
  registerSecureHeaders(server, hasTls);
  server.addHook("onRequest", async () => {
    if (stopping.aborted) throw new MahavishnuError("SERVER_STOPPING", "the server is being stopped");
  });
  registerRequestForm(server);
  registerHostCheck(server, { ...config.server, isLoopback, hasTls, hasAuth: config.auth.enabled, refusals });
  registerCors(server, config.server.cors);
  registerJsonParser(server);
  server.addHook("onClose", async () => await refusals[Symbol.asyncDispose]());
  server.setErrorHandler(async (error, _request, reply) => await answerProblem(reply, explain(error), hide));
  registerLogin(server, { app, signIn: options.signIn, guard, refusals });
  const methodsOf = findMethods(allOperations);
  server.setNotFoundHandler(async (request, reply) => {
    // Who has no token learns of no address whether something is there.
    await guard.identify(request, reply);
    const [pathname = ""] = request.url.split("?");
    const methods = methodsOf(pathname);
    if (methods !== "") reply.header("allow", methods);
    const error =
      methods === ""
        ? new MahavishnuError("NOT_FOUND", `there is nothing at ${request.method} ${pathname}`)
        : new MahavishnuError("METHOD_NOT_ALLOWED", `${pathname} answers to ${methods}`);
    return await answerProblem(reply, error, hide);
  });
  const document = JSON.stringify(describeApi(allOperations));
  server.get("/openapi.json", { onRequest: guard.admitStranger }, async (request, reply) => {
    refuseQuery(request);
    return await reply.type("application/json").send(document);
  });
  addHealthRoutes(server, { app, health: options.health, identify: guard.identify });
  const validator = new RequestValidator();
  for (const operation of allOperations) addRoute(server, operation, { ...options, guard, validator });
  addWebhookRoute(server, { app, guard, refusals });
  return server;
}

/** Why a request is given up when it has been answered or its caller has gone. */
const hasGone = new Error("the caller has gone");

interface RouteParts extends HttpOptions {
  readonly guard: Guard;
  readonly validator: RequestValidator;
}

function addRoute(server: FastifyInstance, operation: Operation, parts: RouteParts): void {
  const { method, path, parts: places, status } = operation;
  const { app, callerOf, guard, validator, stopping } = parts;
  const checkParams = places.params && validator.compile("params", places.params);
  const checkQuery = validator.compile("query", places.query);
  const checkHeaders = validator.compile("headers", places.headers);
  const headerNames = Object.keys(places.headers.shape);
  const checkBody = places.body && validator.compile("body", places.body);

  const callers = new WeakMap<FastifyRequest, IdentifiedCaller>();

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const params = { ...(request.params as object) };
    const query = { ...(request.query as object) };
    const { body = {} } = request;
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new MahavishnuError("USAGE", "body must be object");
    }
    checkParams?.(params);
    checkQuery(query);
    checkHeaders(pickHeaders(request, headerNames));
    checkBody?.(body);
    const input = { ...(places.body === undefined ? query : body), ...params, ...readHeaders(request, operation) };
    const gone = new AbortController();
    // With a reason of its own, since the one that is made otherwise costs a stack.
    reply.raw.once("close", () => gone.abort(hasGone));
    const signal = operation.events === null ? gone.signal : AbortSignal.any([gone.signal, stopping]);
    const caller = callers.get(request);
    if (caller === undefined) throw new MahavishnuError("UNAUTHENTICATED", "nobody is known to have asked");
    const context = app.actFor({ ...caller, requestId: request.id, signal });
    await refuseUnseen(request, operation, context, input);
    const answer = await operation.answer(context, input);
    if (answer.frames !== undefined) {
      await answerStream(reply, { frames: answer.frames, signal, checkCaller: async () => await callerOf(request) });
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
    onRequest: async (request, reply) => void callers.set(request, await guard.identify(request, reply)),
    handler: handle,
    exposeHeadRoute: operation.events === null,
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
  if (namesTag(wanted, tag, "exactly")) return;
  throw new MahavishnuError("PRECONDITION_FAILED", `it is not as ${wanted.slice(0, 100)} any more`);
}

/** A reader that has this already is told so, and nothing more. */
function answerTagged(request: FastifyRequest, reply: FastifyReply, body: unknown): FastifyReply {
  const text = JSON.stringify(body);
  const tag = tagOf(text);
  reply.header("etag", tag);
  reply.header("cache-control", "private, no-cache");
  if (namesTag(request.headers["if-none-match"], tag, "weakly")) {
    return reply.code(304).removeHeader("content-type").send();
  }
  return reply.send(text);
}

function readHeaders(request: FastifyRequest, { parts, events, resume }: Operation): object {
  const key = request.headers["idempotency-key"];
  const lastEventId = request.headers["last-event-id"];
  return {
    ...(parts.takesIdempotencyKey && key !== undefined ? { idempotencyKey: key } : {}),
    ...(events !== null && typeof lastEventId === "string" && lastEventId !== "" ? resume(lastEventId) : {}),
  };
}

/** An empty one says as much as none. */
function pickHeaders({ headers }: FastifyRequest, names: readonly string[]): object {
  const pairs = names.map((name) => [name, headers[name.toLowerCase()]] as const);
  return Object.fromEntries(
    pairs.filter(([name, value]) => value !== undefined && (value !== "" || name === "Idempotency-Key")),
  );
}

async function answerProblem(reply: FastifyReply, error: unknown, hide: FolderVeil): Promise<FastifyReply> {
  const problem = hide(toProblem(error, reply.request.id));
  if (problem.status === 401) reply.header("www-authenticate", challenge(reply.request));
  const retryAfter = retryAfterOf(error, problem.status);
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  return await reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Whether a token was shown is all that is told; why it does not count is not. */
function challenge({ headers }: FastifyRequest): string {
  const realm = 'Bearer realm="mahavishnu"';
  return headers.authorization === undefined ? realm : `${realm}, error="invalid_token"`;
}

/** What the framework says of a request, in the words of this product. */
function explain(error: unknown): unknown {
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (error instanceof MahavishnuError || statusCode === undefined || statusCode >= 500) return error;
  if (statusCode === 413) return new MahavishnuError("BODY_TOO_LARGE", "the body is too large");
  if (statusCode === 415) return new MahavishnuError("BODY_TYPE", "a body is sent as application/json");
  return new MahavishnuError(
    "USAGE",
    code?.startsWith("FST_") === true ? (message ?? "bad request") : "the request cannot be read",
  );
}
