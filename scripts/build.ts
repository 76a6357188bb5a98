/**
 * Bundles the CLI and all its dependencies into dist/, so that the package needs nothing else at run time.
 *
 *     node scripts/build.ts                               dist/, what is shipped
 *     node scripts/build.ts --crash-points --out FOLDER   with the places where a test may kill it; for tests alone
 */
import { chmod, lstat, mkdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { rolldown } from "rolldown";
import { describeLicences } from "./lib/licences.ts";
import { lightBuiltins } from "./lib/light-builtins.ts";
import { root } from "./lib/root.ts";

/** Makes one build and gives the ids of all modules that are really in it. */
async function bundle(folder: string, crashPoints: boolean): Promise<Set<string>> {
  const bundler = await rolldown({
    input: { main: join(root, "src/cli/main.ts") },
    cwd: root,
    platform: "node",
    tsconfig: join(root, "tsconfig.json"),
    plugins: [lightBuiltins()],
    transform: { target: "node24", define: { __CRASH_POINTS__: String(crashPoints) } },
    onLog(level, log, handle) {
      // A bare import that is left in the output would fail on the user's machine: the package has no dependencies.
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      handle(level, log);
    },
  });
  const { output } = await bundler.write({
    dir: folder,
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  });
  await bundler.close();
  const modules = new Set<string>();
  for (const item of output) {
    if (item.type !== "chunk") continue;
    for (const [id, module] of Object.entries(item.modules)) if (module.renderedLength > 0) modules.add(id);
  }
  return modules;
}

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
    const modules = await bundle(aside, crashPoints);
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
