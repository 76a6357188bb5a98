import { randomUUID } from "node:crypto";
import type { ServerOptions as TlsOptions } from "node:https";
import fastify, { type FastifyInstance } from "fastify";
import type { AppContext } from "../../app/app-context.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../telemetry/metrics/metrics.ts";
import { addRoute } from "./add-route.ts";
import { watchMethods } from "./allowed-methods.ts";
import { answerProblem } from "./answer-problem.ts";
import { answerRawError, renderRawProblem } from "./answer-raw-errors.ts";
import { registerCors } from "./cors.ts";
import { guardCallers } from "../callers/guard-callers.ts";
import { hideFolders } from "./hide-folders.ts";
import { registerHostCheck } from "./host-check.ts";
import { addHealthRoutes, healthPaths, type HealthSource } from "../health/health-routes.ts";
import type { CallerOf } from "../callers/identify-caller.ts";
import { StreamShares } from "../callers/stream-shares.ts";
import { countRequests, nameRequests } from "../metrics/count-requests.ts";
import { addMetricsRoute } from "../metrics/metrics-route.ts";
import { registerLogin, type SignIn } from "../login/login.ts";
import { allOperations } from "../operations/all-operations.ts";
import { describeApi } from "./openapi.ts";
import { logRequests } from "./log-requests.ts";
import { NotedRequests } from "./noted-requests.ts";
import { registerJsonParser } from "./parse-json.ts";
import { RefusalTrail } from "../callers/refusal-trail.ts";
import { refuseQuery } from "./refuse-query.ts";
import { registerRequestForm } from "./request-form.ts";
import { registerSecureHeaders, secureHeaders } from "./secure-headers.ts";
import { tellFaults } from "./tell-faults.ts";
import { readForwarded } from "./trust-proxies.ts";
import { RequestValidator } from "./request-validator.ts";
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
  readonly metrics: Metrics;
  /** Told of each request, and of faults of the server itself. */
  readonly log: Log;
  /** Aborted when the server is being stopped: streams end, so that their followers go on elsewhere. */
  readonly stopping: AbortSignal;
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
  const { app, maxConnections, isLoopback, tls, stopping } = options;
  const hasTls = tls !== undefined;
  const { config } = app.loaded;
  const { requestsPerMinute, trustProxy } = config.server;
  const server = makeInstance(options);
  const methodsOf = watchMethods(server);
  const hide = hideFolders(app.loaded);
  const refusals = new RefusalTrail({ store: app.store });
  const guard = guardCallers({ callerOf: options.callerOf, refusals, requestsPerMinute });
  server.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  if (trustProxy.length > 0) readForwarded(server);
  registerSecureHeaders(server, hasTls);
  server.addHook("onRequest", async ({ routeOptions: { url = "" } }) => {
    // Whoever asks for its health is told that in the same form to the end.
    if (stopping.aborted && !Object.hasOwn(healthPaths, url))
      throw new MahavishnuError("SERVER_STOPPING", "the server is being stopped");
  });
  registerRequestForm(server);
  registerHostCheck(server, { ...config.server, isLoopback, hasTls, hasAuth: config.auth.enabled, refusals });
  registerCors(server, config.server.cors);
  registerJsonParser(server);
  server.addHook("onClose", async () => await refusals[Symbol.asyncDispose]());
  tellFaults(server, options.log);
  server.setErrorHandler(async (error, _request, reply) => await answerProblem(reply, error, hide));
  registerLogin(server, { app, signIn: options.signIn, guard, refusals });
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
  const api = describeApi(allOperations);
  const document = JSON.stringify(api);
  server.get("/openapi.json", { onRequest: guard.admitStranger }, async (request, reply) => {
    refuseQuery(request);
    return await reply.type("application/json").send(document);
  });
  const { metrics } = options;
  const noted = new NotedRequests();
  logRequests(server, { log: options.log, operationOf: nameRequests(api.paths), noted });
  countRequests(server, metrics.instruments, { paths: api.paths, operations: allOperations });
  addMetricsRoute(server, { app, guard, metrics });
  addHealthRoutes(server, { app, health: options.health, identify: guard.identify });
  const validator = new RequestValidator();
  // Nobody can take all connections by following: the other half is for the others.
  const streams = new StreamShares(Math.max(1, Math.floor(maxConnections / 2)));
  for (const operation of allOperations) addRoute(server, operation, { ...options, guard, streams, validator, noted });
  addWebhookRoute(server, { app, guard, refusals, noted });
  return server;
}

/** The framework as it is set up here: its limits, and its own refusals in the words of this product. */
function makeInstance({ app, maxBody, requestTimeoutMs, maxConnections, tls }: HttpOptions): FastifyInstance {
  const hasTls = tls !== undefined;
  const { trustProxy } = app.loaded.config.server;
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
    // Said by a hook, in our own words.
    return503OnClosing: false,
    // A stream that is asked for its head alone would begin all the same.
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    ajv: { customOptions: { coerceTypes: false } },
  }) as unknown as FastifyInstance;
  server.server.maxConnections = maxConnections;
  server.server.headersTimeout = Math.min(requestTimeoutMs, server.server.headersTimeout);
  return server;
}
