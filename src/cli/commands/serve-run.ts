import type { DispatchEvent } from "../../app/dispatcher.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { type CommandIo, writeNdjson } from "../command-io.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu serve`. */
export async function runServe(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io, "stderr");
  const log = await app.log();
  const { serve } = await import("../../server/serve.ts");
  const hurry = new AbortController();
  const { signal: stop } = io.interrupts;
  let signals = 0;
  // The first one is `stop`.
  using _listening = io.interrupts.subscribe(() => {
    signals += 1;
    if (signals > 1) hurry.abort();
  });
  await serve({
    app,
    stop,
    hurry: hurry.signal,
    onReady: (url) => {
      if (options.format === "ndjson") writeNdjson(io.stdout, [{ type: "ready", url }]);
      else io.stdout.write(`mahavishnu serves ${app.loaded.workspace} at ${url}\n`);
    },
    onDispatch: (event) => logTrouble(log, event),
    log,
  });
  io.interrupts.obey();
  return exitCodes.success;
}

/** What an operator has to know; that runs come and go, they tell themselves. */
function logTrouble(log: Log, event: DispatchEvent): void {
  if (event.kind === "failed") {
    const { runId, error, retryMs } = event;
    log.warn("a run cannot be gone on with; it is tried again", { runId, reason: messageOf(error), retryMs });
  } else if (event.kind === "lost") {
    log.warn("a run does not go on here any more", { runId: event.runId, reason: messageOf(event.error) });
  } else if (event.kind === "blind") {
    log.error("runs that wait cannot be looked for", { reason: messageOf(event.error) });
  }
}
