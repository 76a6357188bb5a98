import type { FastifyReply, FastifyRequest } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";
import type { FolderVeil } from "./hide-folders.ts";
import { toProblem } from "./problem.ts";
import { retryAfterOf } from "./retry-after.ts";

/** Answers a failure as a problem of RFC 9457, with the headers that belong to its status. */
export async function answerProblem(reply: FastifyReply, error: unknown, hide: FolderVeil): Promise<FastifyReply> {
  const problem = hide(toProblem(explain(error), reply.request.id));
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
