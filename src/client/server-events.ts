import { MahavishnuError } from "../lib/errors.ts";
import { type Connection, send } from "./connection.ts";

/** One event of a stream. */
export interface ServerEvent {
  readonly event: string;
  /** Empty when the event has none. */
  readonly id: string;
  readonly data: string;
}

/** What goes by: a server that is being stopped or is busy, and what stands before it meanwhile. */
const passing: ReadonlySet<string> = new Set(["SERVER_UNREACHABLE", "SERVER_STOPPING", "STATE_BUSY", "RATE_LIMITED"]);

const firstWaitMs = 100;
const longestWaitMs = 5_000;

/** For how long a server is tried, in milliseconds. */
export interface Patience {
  /** One that has not answered yet: most likely the address is wrong. */
  readonly firstMs: number;
  /** One that breaks off: longer than a server that is started anew waits for its runs by default (`server.drain`). */
  readonly brokenMs: number;
}

const defaultPatience: Patience = { firstMs: 3_000, brokenMs: 60_000 };

/**
 * Follows a stream of server-sent events to its end (`event: end`). When the connection breaks it goes on behind the last event that
 * came, so that nothing is lost and nothing comes twice; also when the server is started anew meanwhile.
 *
 * @throws MahavishnuError SERVER_UNREACHABLE when it cannot be gone on with, or what the server refuses.
 */
export async function* followStream(
  connection: Connection,
  path: string,
  patience: Patience = defaultPatience,
): AsyncGenerator<ServerEvent> {
  const { signal, url } = connection;
  let lastId = "";
  let waitMs = firstWaitMs;
  let giveUpAt = performance.now() + patience.firstMs;
  let hasAnswered = false;
  const noteSign = (): void => {
    waitMs = firstWaitMs;
    giveUpAt = performance.now() + patience.brokenMs;
  };
  for (;;) {
    let answeredAt = Infinity;
    let failure = new MahavishnuError("SERVER_UNREACHABLE", `the stream from ${url.origin} breaks off each time`);
    try {
      const headers: Record<string, string> = lastId === "" ? {} : { "last-event-id": lastId };
      const response = await send(connection, { method: "GET", path, accept: "text/event-stream", headers });
      answeredAt = performance.now();
      if (!hasAnswered) noteSign();
      hasAnswered = true;
      for await (const event of parseEvents(response.body ?? new ReadableStream<Uint8Array>())) {
        if (event.event === "end") return;
        if (event.id !== "") lastId = event.id;
        noteSign();
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof MahavishnuError) {
        if (!passing.has(error.code)) throw error;
        failure = error;
      }
    }
    if (signal.aborted) return;
    // Nothing has happened for a while, but somebody was there.
    if (performance.now() - answeredAt > longestWaitMs) noteSign();
    if (performance.now() + waitMs > giveUpAt) throw failure;
    await pause(waitMs, signal);
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

/**
 * Reads events from bytes, as the HTML standard says: lines end with LF, CR or both, `data` lines are joined, comments are left out.
 *
 * @example
 * for await (const { event, data } of parseEvents(response.body)) console.log(event, data);
 */
export async function* parseEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "message";
  let id = "";
  let data: string[] = [];
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event, id, data: data.join("\n") };
        event = "message";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "event") event = value;
      else if (field === "id" && !value.includes("\0")) id = value;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
