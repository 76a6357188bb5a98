import { type CommandIo, writeNdjson } from "../command-io.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";

/** `mahavishnu serve`. */
export async function runServe(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const { serve } = await import("../../server/serve.ts");
  await serve({
    app,
    stop: io.interrupts.signal,
    onReady: (url) => {
      if (options.format === "ndjson") writeNdjson(io.stdout, [{ type: "ready", url }]);
      else io.stdout.write(`mahavishnu serves ${app.loaded.workspace} at ${url}\n`);
    },
  });
  return exitCodes.success;
}
