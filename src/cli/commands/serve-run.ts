import type { DispatchEvent } from "../../app/dispatcher.ts";
import { messageOf } from "../../lib/errors.ts";
import { escapeControl } from "../../lib/escape-control.ts";
import { type CommandIo, writeNdjson } from "../command-io.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu serve`. */
export async function runServe(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
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
    onDispatch: (event) => {
      const line = describeTrouble(event);
      if (line !== null) io.stderr.write(`${line}\n`);
    },
    onNotice: (line) => io.stderr.write(`${escapeControl(line)}\n`),
  });
  io.interrupts.obey();
  return exitCodes.success;
}

/** What an operator has to know; that runs come and go tells the history. */
function describeTrouble(event: DispatchEvent): string | null {
  if (event.kind === "failed") {
    return `run ${event.runId} cannot be gone on with: ${messageOf(event.error)}; tried again in ${event.retryMs / 1_000} s`;
  }
  if (event.kind === "lost") return `run ${event.runId} does not go on here any more: ${messageOf(event.error)}`;
  if (event.kind === "blind") return `runs that wait cannot be looked for: ${messageOf(event.error)}`;
  return null;
}
