/** The entry of the command `mahavishnu`. */
import { version } from "../lib/version.ts";
import { exitCodes } from "./exit-codes.ts";
import { startCli } from "./start-cli.ts";

const argv = process.argv.slice(2);
// Answered before anything is set up: editors and scripts ask for it all the time.
if (argv.length === 1 && argv[0] === "--version") {
  // The reader may go away (`| true`); a full disk is told.
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") return;
    process.exitCode = exitCodes.internal;
    process.stderr.write(`mahavishnu: cannot write to the standard output: ${message}\n`);
  });
  process.stdout.write(`${version}\n`);
}
// Not awaited here: a chunk that a command loads may import from this one, and would wait for it for ever.
else void startCli(argv);
