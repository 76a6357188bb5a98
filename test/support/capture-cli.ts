import type { OutputStream } from "../../src/cli/command-io.ts";
import { SignalInterrupts } from "../../src/cli/interrupts.ts";
import { type HostStream, runCli } from "../../src/cli/run-cli.ts";

/** A stream that keeps what is written. */
export class CapturedStream implements HostStream, OutputStream {
  text = "";
  readonly isTTY: boolean;
  readonly width: number;
  readonly height: number;
  readonly helpWidth = 100;
  readonly closed: AbortSignal = new AbortController().signal;
  colour = false;
  unicode = false;

  constructor(terminal?: { readonly width: number; readonly height: number }) {
    this.isTTY = terminal !== undefined;
    this.width = terminal?.width ?? Number.POSITIVE_INFINITY;
    this.height = terminal?.height ?? Number.POSITIVE_INFINITY;
  }

  open(colour: boolean, unicode: boolean): OutputStream {
    this.unicode = unicode;
    this.colour = colour;
    return this;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** How a command line ended in this process. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, streams captured. */
export async function runCaptured(
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<CliResult> {
  const stdout = new CapturedStream();
  const stderr = new CapturedStream();
  const interrupts = new SignalInterrupts((code) => {
    throw new Error(`a signal would have ended the process with ${code}`);
  });
  const { env = {}, cwd = "/" } = options;
  const exitCode = await runCli({ argv, env, cwd, stdout, stderr, interrupts });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}
