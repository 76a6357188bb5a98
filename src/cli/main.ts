/** The entry of the command `mahavishnu`: what touches the process stands here, and nothing else. */
// oxlint-disable unicorn/no-process-exit -- this is the one place that ends the process: a forgotten handle must not keep it.
import process from "node:process";
import { exitCodes } from "./exit-codes.ts";
import { type InterruptSignal, SignalInterrupts } from "./interrupts.ts";
import { ProcessStream } from "./process-stream.ts";
import { runCli, tellFailure } from "./run-cli.ts";

const stdout = new ProcessStream(process.stdout);
const stderr = new ProcessStream(process.stderr);
const interrupts = new SignalInterrupts((code) => process.exit(code));
const argv = process.argv.slice(2);

const signals: readonly InterruptSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) process.on(signal, () => interrupts.receive(signal));
process.on("uncaughtException", (error) => {
  tellFailure({ argv, stdout, stderr }, error);
  process.exit(exitCodes.internal);
});

const exitCode = await runCli({ argv, env: process.env, cwd: currentFolder(), stdout, stderr, interrupts });
await Promise.all([stdout.flush(), stderr.flush()]);
const failure = stdout.failure;
if (failure !== undefined) stderr.write(`mahavishnu: cannot write to the standard output: ${failure.message}\n`);
process.exit(failure === undefined ? exitCode : exitCodes.internal);

/** The current folder; `/` when it was removed meanwhile, so that `-C DIR` still works. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}
