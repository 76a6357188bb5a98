import { exitCodes } from "./exit-codes.ts";
import { type InterruptSignal, SignalInterrupts } from "./interrupts.ts";
import { ProcessStream } from "./process-stream.ts";
import { runCli, tellFailure } from "./run-cli.ts";

/**
 * Runs a command line in this process and ends it: what touches the process stands here, and nothing else.
 * The process is ended even when a handle was forgotten.
 */
export async function startCli(argv: readonly string[]): Promise<never> {
  const stdout = new ProcessStream(() => process.stdout);
  const stderr = new ProcessStream(() => process.stderr);
  const interrupts = new SignalInterrupts(endProcess);
  const signals: readonly InterruptSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => interrupts.receive(signal));
  process.on("uncaughtException", (error) => {
    tellFailure({ argv, stdout, stderr }, error);
    endProcess(exitCodes.internal);
  });

  const exitCode = await runCli({ argv, env: process.env, cwd: currentFolder(), stdout, stderr, interrupts });
  await Promise.all([stdout.flush(), stderr.flush()]);
  const failure = stdout.failure;
  if (failure === undefined) return endProcess(exitCode);
  stderr.write(`mahavishnu: cannot write to the standard output: ${failure.message}\n`);
  return endProcess(exitCodes.internal);
}

function endProcess(code: number): never {
  // oxlint-disable-next-line unicorn/no-process-exit -- the one place that ends the process
  process.exit(code);
}

/** The current folder; an empty text when it was removed meanwhile. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}
