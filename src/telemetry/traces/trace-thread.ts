/**
 * The thread that makes spans of notes and sends them: the work goes on meanwhile. It is told `TraceThreadData` as it is started, then batches of
 * notes as JSON, and at last `end`; it tells `ThreadMessage`s.
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { type LogFields, silentLog } from "../../lib/log.ts";
import { Secret } from "../../lib/secret.ts";
import { formSpan } from "./form-span.ts";
import type { SpanNote } from "./span-note.ts";
import { SpanSender } from "./span-sender.ts";

/** What the thread is started with. */
export interface TraceThreadData {
  readonly endpoint: string;
  readonly token: string | null;
  readonly ratio: number;
}

/** What the thread tells: that so many notes are worked off, a line of the log, that it is ready, and that it has sent what it could. */
export type ThreadMessage =
  | { readonly kind: "taken"; readonly notes: number }
  | { readonly kind: "warn"; readonly message: string; readonly fields: LogFields }
  | { readonly kind: "ready" }
  | { readonly kind: "ended" };

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const tell = (message: ThreadMessage): void => port.postMessage(message);
  const { endpoint, token, ratio } = workerData as TraceThreadData;
  const log = {
    ...silentLog,
    warn: (message: string, fields: LogFields = {}) => tell({ kind: "warn", message, fields }),
  };
  const sender = new SpanSender({ endpoint, log, ...(token === null ? {} : { token: new Secret(token) }) });
  port.on("message", (told: string) => {
    if (told === "end") {
      void sender[Symbol.asyncDispose]().then(() => tell({ kind: "ended" }));
      return;
    }
    const notes = JSON.parse(told) as readonly SpanNote[];
    for (const note of notes) {
      const span = formSpan(note, ratio);
      if (span !== null) sender.send(span);
    }
    tell({ kind: "taken", notes: notes.length });
  });
  tell({ kind: "ready" });
}
