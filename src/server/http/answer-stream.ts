import { once } from "node:events";
import type { FastifyReply } from "fastify";
import type { Frame } from "../operations/operation.ts";

/** A comment is sent this often when nothing happens, so that proxies and clients know that the stream lives. */
const keepAliveMs = 15_000;
/** How often it is asked whether the caller may still listen: a token may be revoked, or end. */
const checkMs = 5_000;

/** Milliseconds after which a reader of a stream that was cut off asks again. */
const goOnMs = 500;

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
  const sender = new FrameSender(raw);
  const alive = setInterval(() => {
    sender.flush();
    raw.write(": alive\n\n");
  }, keepAliveMs);
  const check = setInterval(() => void checkCaller().catch(() => raw.destroy()), checkMs);
  try {
    for await (const frame of frames) {
      if (signal.aborted) return;
      await sender.send(frame, signal);
    }
    sender.flush();
    if (!signal.aborted) raw.write("event: end\ndata: {}\n\n");
  } catch (error) {
    // The answer has begun, so it can only be cut off.
    if (!signal.aborted) raw.destroy(error instanceof Error ? error : undefined);
  } finally {
    clearInterval(alive);
    clearInterval(check);
    sender.flush();
    // Whoever is cut off because this server is being stopped goes on at another one, and need not wait long for that.
    if (signal.aborted && raw.writable) raw.write(`retry: ${goOnMs}\n\n`);
    raw.end();
  }
}

/** Frames that are kept back at most. */
const mostPending = 500;

/** Sends what comes at once in one piece: five hundred who listen to a busy run are five hundred writes, not fifty thousand. */
class FrameSender {
  readonly #raw: FastifyReply["raw"];
  #pending: Frame[] = [];
  #timer: NodeJS.Immediate | undefined;

  constructor(raw: FastifyReply["raw"]) {
    this.#raw = raw;
  }

  async send(frame: Frame, signal: AbortSignal): Promise<void> {
    this.#pending.push(frame);
    if (this.#pending.length >= mostPending) this.flush();
    else this.#timer ??= setImmediate(() => this.flush());
    if (this.#raw.writableNeedDrain) {
      await Promise.race([once(this.#raw, "drain", { signal }), once(this.#raw, "close", { signal })]);
    }
  }

  /** Before anything else is written, and before the answer is ended. */
  flush(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const frames = this.#pending;
    this.#pending = [];
    this.#raw.write(renderFrames(frames));
  }
}

/** Frames as they were last rendered from some piece of data on: all who listen to the same are sent the same bytes. */
const rendered = new WeakMap<object, { readonly frames: readonly Frame[]; readonly bytes: Buffer }>();

function renderFrames(frames: readonly Frame[]): Buffer {
  const [first] = frames as readonly [Frame, ...Frame[]];
  const key = typeof first.data === "object" && first.data !== null ? first.data : undefined;
  const known = key === undefined ? undefined : rendered.get(key);
  if (known !== undefined && isSame(known.frames, frames)) return known.bytes;
  const bytes = Buffer.from(frames.map(renderFrame).join(""));
  if (key !== undefined) rendered.set(key, { frames, bytes });
  return bytes;
}

/** The same data; then the event and the id are the same too. */
function isSame(known: readonly Frame[], frames: readonly Frame[]): boolean {
  return known.length === frames.length && known.every(({ data }, index) => data === frames[index]?.data);
}

/** JSON has no line breaks outside of texts, and there they are written as `\n`: one line of data is enough. */
export function renderFrame({ event, id, data }: Frame): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
