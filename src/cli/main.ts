/** The entry of the command `mahavishnu`. */
import { version } from "../lib/version.ts";
import { startCli } from "./start-cli.ts";

const argv = process.argv.slice(2);
// Answered before anything is set up: editors and scripts ask for it all the time.
if (argv.length === 1 && argv[0] === "--version") process.stdout.write(`${version}\n`);
// Not awaited here: a chunk that a command loads may import from this one, and would wait for it for ever.
else void startCli(argv);
