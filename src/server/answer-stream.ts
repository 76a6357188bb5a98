import { once } from "node:events";
import type { FastifyReply } from "fastify";
import type { Frame } from "./operation.ts";

/** A comment is sent this often when nothing happens, so that proxies and clients know that the stream lives. */
const keepAliveMs = 15_000;
/** How often it is asked whether the caller may still listen: a token may be revoked, or end. */
const checkMs = 5_000;

/** What a stream is answered with. */
export interface StreamAnswer {
  readonly frames: AsyncIterable<Frame>;
  /** Aborted when the caller has gone, or the server is being stopped. */
  readonly signal: AbortSignal;
  /** Rejects when the caller may not listen any more. */
  readonly checkCaller: () => Promise<unknown>;
}

/**
 * Answers with server-sent events, to the end of what there is (`event: end`), until the caller has gone or may not listen any more. A
 * slow reader is waited for: what it has not taken is kept back at the source, and not in memory. Whoever is cut off asks again, and
 * hears why or goes on.
 */
export async function answerStream(reply: FastifyReply, { frames, signal, checkCaller }: StreamAnswer): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  raw.write(": stream\n\n");
  const alive = setInterval(() => raw.write(": alive\n\n"), keepAliveMs);
  const check = setInterval(() => void checkCaller().catch(() => raw.destroy()), checkMs);
  const sender = new FrameSender(raw);
  try {
    for await (const frame of frames) {
      if (signal.aborted) return;
      await sender.send(renderFrame(frame), signal);
    }
    if (!signal.aborted) raw.write("event: end\ndata: {}\n\n");
  } catch (error) {
    // The answer has begun, so it can only be cut off.
    if (!signal.aborted) raw.destroy(error instanceof Error ? error : undefined);
  } finally {
    clearInterval(alive);
    clearInterval(check);
    raw.end();
  }
}

/** Sends what comes at once in one piece: five hundred who listen to a busy run are five hundred writes, not fifty thousand. */
class FrameSender {
  readonly #raw: FastifyReply["raw"];
  #isCorked = false;

  constructor(raw: FastifyReply["raw"]) {
    this.#raw = raw;
  }

  async send(text: string, signal: AbortSignal): Promise<void> {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#raw.cork();
      setImmediate(() => this.#uncork());
    }
    if (this.#raw.write(text)) return;
    this.#uncork();
    if (this.#raw.writableNeedDrain)
      await Promise.race([once(this.#raw, "drain", { signal }), once(this.#raw, "close")]);
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#raw.uncork();
  }
}

/** Texts of data that several who listen are sent. */
const texts = new WeakMap<object, string>();

/** JSON has no line breaks outside of texts, and there they are written as `\n`: one line of data is enough. */
export function renderFrame({ event, id, data }: Frame): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${renderData(data)}\n\n`;
}

function renderData(data: unknown): string {
  if (typeof data !== "object" || data === null) return JSON.stringify(data);
  let text = texts.get(data);
  if (text === undefined) {
    text = JSON.stringify(data);
    texts.set(data, text);
  }
  return text;
}
