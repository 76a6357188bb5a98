import { MahavishnuError } from "../lib/errors.ts";
import { type Connection, send } from "./connection.ts";

/** One event of a stream. */
export interface ServerEvent {
  readonly event: string;
  /** Empty when the event has none. */
  readonly id: string;
  readonly data: string;
}

/** How often in a row a stream may break without an event between. */
const maxBreaks = 5;
const longestWaitMs = 5_000;

/**
 * Follows a stream of server-sent events to its end (`event: end`). When the connection breaks it goes on behind the last event that
 * came, so that nothing is lost and nothing comes twice.
 *
 * @throws MahavishnuError SERVER_UNREACHABLE when it cannot be gone on with.
 */
export async function* followStream(connection: Connection, path: string): AsyncGenerator<ServerEvent> {
  let lastId = "";
  for (let breaks = 0; breaks < maxBreaks; breaks += 1) {
    if (breaks > 0) await pause(Math.min(longestWaitMs, 100 * 2 ** breaks), connection.signal);
    try {
      const headers: Record<string, string> = lastId === "" ? {} : { "last-event-id": lastId };
      const response = await send(connection, { method: "GET", path, accept: "text/event-stream", headers });
      for await (const event of parseEvents(response.body ?? new ReadableStream<Uint8Array>())) {
        if (event.event === "end") return;
        if (event.id !== "") lastId = event.id;
        breaks = 0;
        yield event;
      }
    } catch (error) {
      if (connection.signal.aborted) return;
      // What the server refuses, it refuses again.
      if (error instanceof MahavishnuError && error.code !== "SERVER_UNREACHABLE") throw error;
      if (breaks === maxBreaks - 1) throw error;
    }
    if (connection.signal.aborted) return;
  }
  throw new MahavishnuError("SERVER_UNREACHABLE", `the stream from ${connection.url.origin} broke ${maxBreaks} times`);
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
