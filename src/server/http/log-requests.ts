import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Log } from "../../lib/log.ts";
import { parseTraceparent } from "../../lib/trace-context.ts";
import { healthPaths } from "../health/health-routes.ts";
import type { NotedRequests } from "./noted-requests.ts";

/** What the lines of requests are made of. */
export interface RequestLogParts {
  readonly log: Log;
  readonly operationOf: (request: FastifyRequest) => string;
  readonly noted: Pick<NotedRequests, "of">;
}

/**
 * Logs every request once it is answered: by the name of its operation, who asked and the run that it was about, which ties it to the
 * lines of that run; never with its query, its headers or its body.
 */
export function logRequests(server: FastifyInstance, { log, operationOf, noted }: RequestLogParts): void {
  server.addHook("onResponse", async (request, reply) => {
    const { id: requestId, method, headers, routeOptions } = request;
    const { url = "" } = routeOptions;
    const trace = typeof headers.traceparent === "string" ? parseTraceparent(headers.traceparent) : null;
    // Whoever asks all the time for its health would fill the log.
    const level = Object.hasOwn(healthPaths, url) || url === "/metrics" ? "debug" : "info";
    log[level]("a request is answered", {
      requestId,
      traceId: trace?.traceId,
      operation: operationOf(request),
      ...noted.of(request),
      method,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    });
  });
}
