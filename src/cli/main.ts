/** The entry of the command `mahavishnu`. */
import { version } from "../lib/version.ts";

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === "--version") {
  // Answered here, before anything is loaded: editors and scripts ask for it all the time.
  process.stdout.write(`${version}\n`);
} else {
  const { startCli } = await import("./start-cli.ts");
  await startCli(argv);
}
