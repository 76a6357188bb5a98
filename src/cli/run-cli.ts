import { MahavishnuError } from "../lib/errors.ts";
import type { OutputStream } from "./command-io.ts";
import { exitCodes } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { type ColourMode, decideColour } from "./global-options.ts";
import { exitCodeOf, type Interrupts } from "./interrupts.ts";
import { machineFormatOf } from "./output-request.ts";
import { hasUnicode } from "./terminal/look.ts";
import { parserStopOf, reportError } from "./report-error.ts";

/** A stream of the process before colour is decided. */
export interface HostStream {
  open(colour: boolean, unicode: boolean): OutputStream;
  readonly isTTY: boolean;
  readonly helpWidth: number;
  write(text: string): void;
}

/** The process that a command line runs in. */
export interface CliHost {
  /** The words after `mahavishnu`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: HostStream;
  readonly stderr: HostStream;
  readonly interrupts: Interrupts;
}

/**
 * Runs one command line from its words to its exit code. Every failure ends here: told once, as text on the standard
 * error or as a JSON document on the standard output.
 */
export async function runCli(host: CliHost): Promise<number> {
  const { interrupts } = host;
  let exitCode: number;
  try {
    exitCode = await runProgram(host);
  } catch (thrown) {
    exitCode = tellFailure(host, thrown);
  }
  if (interrupts.last === undefined || interrupts.isObeyed || exitCode === exitCodes.internal) return exitCode;
  return exitCodeOf(interrupts.last);
}

async function runProgram(host: CliHost): Promise<number> {
  let exitCode: number = exitCodes.success;
  const unicode = hasUnicode(host.env);
  const program = buildProgram({
    argv: host.argv,
    env: host.env,
    cwd: host.cwd,
    helpWidth: host.stdout.helpWidth,
    writeHelp: (text, stream) => host[stream].write(text),
    mayName: (command) => host.argv.includes(command),
    openIo: (colour: ColourMode) => ({
      stdout: host.stdout.open(decideColour({ mode: colour, env: host.env, isTTY: host.stdout.isTTY }), unicode),
      stderr: host.stderr.open(decideColour({ mode: colour, env: host.env, isTTY: host.stderr.isTTY }), unicode),
      env: host.env,
      cwd: host.cwd,
      interrupts: host.interrupts,
    }),
    finish: (code) => {
      exitCode = code;
    },
  });
  await program.parseAsync([...host.argv], { from: "user" });
  return exitCode;
}

/** Tells a failure where the caller reads: machines on the standard output, eyes on the standard error. */
export function tellFailure(host: Pick<CliHost, "argv" | "stdout" | "stderr">, thrown: unknown): number {
  const stop = parserStopOf(thrown);
  if (stop === "asked") return exitCodes.success;
  const machine = machineFormatOf(host.argv);
  // Help was written already; for eyes that says it all.
  if (stop === "missingCommand" && machine === undefined) return exitCodes.usage;
  const verbose = isVerbose(host.argv);
  const report = reportError(stop === "missingCommand" ? missingCommand() : thrown, verbose);
  if (machine === undefined || verbose) host.stderr.write(report.text);
  if (machine !== undefined)
    host.stdout.write(`${JSON.stringify(report.document, null, machine === "json" ? 2 : undefined)}\n`);
  return report.exitCode;
}

function missingCommand(): MahavishnuError {
  return new MahavishnuError("USAGE", "a command is missing", { fix: "See `mahavishnu --help`." });
}

function isVerbose(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === "-v" || word === "--verbose");
}
