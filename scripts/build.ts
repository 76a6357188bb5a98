/**
 * Bundles the CLI and all its dependencies into dist/, so that the package needs nothing else at run time.
 *
 *     node scripts/build.ts                               dist/, what is shipped
 *     node scripts/build.ts --crash-points --out FOLDER   with the places where a test may kill it; for tests alone
 */
import { chmod, lstat, mkdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { bundle } from "./lib/bundle.ts";
import { describeLicences } from "./lib/licences.ts";
import { root } from "./lib/root.ts";

/** Puts the package's own command where npm puts those of dependencies, so that `npx mahavishnu` finds it in a checkout. */
async function linkCommand(): Promise<void> {
  const folder = join(root, "node_modules/.bin");
  const link = join(folder, "mahavishnu");
  const target = "../../bin/mahavishnu.js";
  const present = await lstat(link).catch(() => undefined);
  if (present?.isSymbolicLink() === true && (await readlink(link)) === target) return;
  await mkdir(folder, { recursive: true });
  await rm(link, { force: true });
  await symlink(target, link);
  await chmod(join(root, "bin/mahavishnu.js"), 0o755);
}

/** Builds aside and moves into place, so that a build that fails leaves the one before. */
async function build(folder: string, crashPoints: boolean): Promise<void> {
  const aside = `${folder}.${process.pid}`;
  try {
    const files = await bundle(aside, { crashPoints });
    const modules = new Set(files.flatMap((file) => file.modules));
    await writeFile(join(aside, "THIRD-PARTY-LICENSES.txt"), await describeLicences(modules));
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { "crash-points": { type: "boolean", default: false }, out: { type: "string" } },
});
const crashPoints = values["crash-points"];
if (crashPoints && values.out === undefined) throw new Error("--crash-points needs --out: dist/ is what is shipped");
try {
  await build(values.out ?? join(root, "dist"), crashPoints);
  if (values.out === undefined) await linkCommand();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`build: ${process.stderr.isTTY ? message : stripVTControlCharacters(message)}\n`);
  process.exitCode = 1;
}
