import { startCli } from "../acting/call-cli.ts";
import { EventLine } from "../acting/run-document.ts";
import { makeScratchWorkspace } from "../acting/scratch-workspace.ts";
import { userConfig } from "../acting/user-config.ts";
import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { idleWorkflow } from "./bench-workspace.ts";

/** Whole commands, from their start until they tell that the first step has begun, which is when it is durable. */
export async function openColdStart(context: CheckContext): Promise<BenchmarkBody> {
  const scratch = await context.stateScratch("bw4");
  const config = userConfig((await context.config()).config);
  const { folder } = await makeScratchWorkspace(scratch, {
    repositories: [],
    workflows: { idle: idleWorkflow(1) },
    config,
  });
  return {
    sample: async (signal) => {
      let begun: number | undefined;
      const onLine = (line: string): void => {
        const event = EventLine.safeParse(JSON.parse(line));
        if (event.success && event.data.type === "step.started") begun ??= performance.now();
      };
      const begin = performance.now();
      const started = await startCli({ ...context, signal }, scratch, {
        args: ["run", "idle", "-o", "ndjson"],
        folder,
        onLine,
      });
      const { exitCode, stderr } = await started.ended;
      if (exitCode !== 0) throw new Error(`a run ended with ${exitCode}: ${stderr.slice(0, 300)}`);
      if (begun === undefined) throw new Error("the command never told that a step has begun");
      return begun - begin;
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
