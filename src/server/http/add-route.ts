import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AppContext } from "../../app/app-context.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { answerStream } from "./answer-stream.ts";
import { namesTag, tagOf } from "./entity-tag.ts";
import type { Guard } from "../callers/guard-callers.ts";
import type { StreamShares } from "../callers/stream-shares.ts";
import type { CallerOf, IdentifiedCaller } from "../callers/identify-caller.ts";
import type { Answer, Operation } from "../operations/operation.ts";
import type { NotedRequests } from "./noted-requests.ts";
import type { RequestValidator } from "./request-validator.ts";

/** Why a request is given up when it has been answered or its caller has gone. */
const hasGone = new Error("the caller has gone");

/** What the route of an operation needs of the server. */
export interface RouteParts {
  readonly app: AppContext;
  readonly callerOf: CallerOf;
  /** Aborted when the server is being stopped: streams end. */
  readonly stopping: AbortSignal;
  readonly guard: Guard;
  readonly streams: StreamShares;
  readonly validator: RequestValidator;
  readonly noted: NotedRequests;
}

/** Adds the route of one operation: who asks is known first, what is asked is checked, and the use-case answers. */
export function addRoute(server: FastifyInstance, operation: Operation, parts: RouteParts): void {
  const { method, path, parts: places, status } = operation;
  const { app, callerOf, guard, streams, validator, stopping, noted } = parts;
  const checkParams = places.params && validator.compile("params", places.params);
  const checkQuery = validator.compile("query", places.query);
  const checkHeaders = validator.compile("headers", places.headers);
  const headerNames = Object.keys(places.headers.shape);
  const checkBody = places.body && validator.compile("body", places.body);

  const isAboutRun = path.startsWith("/v1/runs/{id}");
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
    const { id } = params as { readonly id?: string };
    if (isAboutRun && id !== undefined) noted.note(request, { runId: id });
    if (caller === undefined) throw new MahavishnuError("UNAUTHENTICATED", "nobody is known to have asked");
    const context = app.actFor({ ...caller, ...traceOf(request), requestId: request.id, signal });
    await refuseUnseen(request, operation, context, input);
    using _share = operation.events === null ? undefined : streams.take(caller.subject.name);
    const answer = await operation.answer(context, input);
    const runId = runIdOf(answer, isAboutRun);
    if (runId !== undefined) noted.note(request, { runId });
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
    onRequest: async (request, reply) => {
      const caller = await guard.identify(request, reply);
      callers.set(request, caller);
      noted.note(request, { actor: caller.subject.name });
    },
    handler: handle,
    exposeHeadRoute: operation.events === null,
  });
}

/** The whole id of the run that an answer is about. */
function runIdOf({ location, body }: Answer, isAboutRun: boolean): string | undefined {
  const prefix = "/v1/runs/";
  if (location?.startsWith(prefix) === true) return location.slice(prefix.length);
  const { id } = (isAboutRun ? (body ?? {}) : {}) as { readonly id?: unknown };
  return typeof id === "string" ? id : undefined;
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

/** Where whoever asks is in a trace of its own. */
function traceOf({ headers }: FastifyRequest): { readonly traceparent?: string } {
  const { traceparent } = headers;
  return typeof traceparent === "string" ? { traceparent } : {};
}
