import type { FastifyReply } from "fastify";
import { once } from "node:events";
import type { Frame } from "./operation.ts";

/** A comment is sent this often when nothing happens, so that proxies and clients know that the stream lives. */
const keepAliveMs = 15_000;

/**
 * Answers with server-sent events, to the end of what there is (`event: end`) or until the caller has gone. A slow reader is waited
 * for: what it has not taken is kept back at the source, and not in memory.
 *
 * @param frames The first one is asked for before anything is sent, so that a refusal is still an answer of its own.
 */
export async function answerStream(
  reply: FastifyReply,
  frames: AsyncIterable<Frame>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  raw.write(": stream\n\n");
  const timer = setInterval(() => raw.write(": alive\n\n"), keepAliveMs);
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      if (signal.aborted) return;
      if (!raw.write(renderFrame(next.value))) await Promise.race([once(raw, "drain", { signal }), once(raw, "close")]);
    }
    if (!signal.aborted) raw.write("event: end\ndata: {}\n\n");
  } catch (error) {
    // The answer has begun, so it can only be cut off: the caller asks again and hears why.
    if (!signal.aborted) raw.destroy(error instanceof Error ? error : undefined);
  } finally {
    clearInterval(timer);
    await iterator.return?.();
    raw.end();
  }
}

/** JSON has no line breaks outside of texts, and there they are written as `\n`: one line of data is enough. */
export function renderFrame({ event, id, data }: Frame): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
