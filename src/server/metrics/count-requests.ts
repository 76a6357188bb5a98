import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Instruments } from "../../telemetry/metrics/instruments.ts";
import type { Operation } from "../operations/operation.ts";

/** What requests are counted by. */
export interface CountedApi {
  /** The paths of the OpenAPI document. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly operations: readonly Operation[];
}

/** What is asked for that is no operation of the API: pages for people, and what is not there. */
const otherOperation = "other";

/** Counts every answer by its operation and status: the names come from the document, so there is no end of them in no request. */
export function countRequests(
  server: FastifyInstance,
  { countRequest }: Pick<Instruments, "countRequest">,
  { paths, operations }: CountedApi,
): void {
  const operationOf = nameRequests(paths);
  const streams = new Set(operations.filter(({ events }) => events !== null).map(({ id }) => id));
  server.addHook("onResponse", async (request, reply) => {
    const operation = operationOf(request);
    countRequest(operation, reply.statusCode, streams.has(operation) ? null : reply.elapsedTime / 1_000);
  });
}

/** Names requests by the operations of the document; what is none is `other`. */
export function nameRequests(paths: CountedApi["paths"]): (request: FastifyRequest) => string {
  const names = new Map<string, string>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const { operationId } = described as { readonly operationId: string };
      names.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`, operationId);
    }
  }
  return ({ method, routeOptions: { url = "" } }) =>
    names.get(`${method === "HEAD" ? "GET" : method} ${url}`) ?? otherOperation;
}
