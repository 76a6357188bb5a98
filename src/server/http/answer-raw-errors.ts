import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { randomUUID } from "node:crypto";
import { MahavishnuError } from "../../lib/errors.ts";
import { toProblem } from "./problem.ts";
import { secureHeaders } from "./secure-headers.ts";

/**
 * Answers what could not be read as a request, and ends the connection: where the next request would begin cannot be known. What is no
 * HTTP at all (another protocol, a handshake that failed) gets no answer.
 */
export function answerRawError(error: Error & { readonly code?: string }, socket: Socket, hasTls: boolean): void {
  const status = statusOf(error.code ?? "");
  // After an answer, or within one, another one could be taken for something else.
  if (status === null || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const body = renderBody(status);
  const headers = {
    ...secureHeaders(hasTls),
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}

/** A problem for a request that the framework could not give to any route. */
export function renderRawProblem(status: number, message: string, requestId: string): string {
  return JSON.stringify({ ...toProblem(new MahavishnuError("USAGE", message), requestId), status });
}

function renderBody(status: 400 | 408 | 431): string {
  const message = {
    400: "this is no valid request",
    408: "the request took too long",
    431: "the headers are too large",
  };
  return renderRawProblem(status, message[status], randomUUID());
}

function statusOf(code: string): 400 | 408 | 431 | null {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code.startsWith("HPE_") ? 400 : null;
}
