/** What `repos check` does, as a process of its own: `node bench/lib/check-fleet.ts MANIFEST PARALLELISM`. Prints the counts. */
import { checkRepositories } from "../../src/repositories/check-repositories.ts";
import { loadManifest } from "../../src/repositories/load-manifest.ts";

const [file = "", parallelism = "1"] = process.argv.slice(2);
const { repositories, counts } = await checkRepositories(await loadManifest({ file }), {
  parallelism: Number(parallelism),
});
process.stdout.write(`${JSON.stringify({ repositories, counts })}\n`);
if (counts.ok !== counts.total) process.exitCode = 1;
