import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** What the package ships besides its bundle. */
const parts = ["package.json", "LICENSE", "README.md", "CHANGELOG.md", "bin", "deploy", "docs", "examples", "schemas"];

/**
 * The package as it would be shipped, built from the present sources into the temporary folder of this test run: once,
 * whichever test file asks first. `mahavishnu` is `bin/mahavishnu.js` in the folder that this gives.
 *
 * @param crashPoints with the places where a test may kill the process compiled in
 */
export async function stagePackage(crashPoints = false): Promise<string> {
  const runFolder = process.env["TMPDIR_OF_RUN"];
  if (runFolder === undefined) throw new Error("stagePackage is for tests, which have a temporary folder");
  const folder = join(runFolder, crashPoints ? "package-with-crash-points" : "package");
  // Test files run in several processes: the first to make this folder builds, the others wait for it.
  const first = await mkdir(`${folder}.lock`).then(
    () => true,
    () => false,
  );
  if (first) {
    await build(`${folder}.part`, crashPoints).catch(async (error: unknown) => {
      await writeFile(`${folder}.failed`, String(error));
      throw error;
    });
    await rename(`${folder}.part`, folder);
  }
  while (!existsSync(folder)) {
    if (existsSync(`${folder}.failed`)) throw new Error(await readFile(`${folder}.failed`, "utf8"));
    await delay(50);
  }
  return folder;
}

async function build(folder: string, crashPoints: boolean): Promise<void> {
  for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true });
  const flags = crashPoints ? ["--crash-points"] : [];
  await run(process.execPath, [join(root, "scripts/build.ts"), "--out", join(folder, "dist"), ...flags]);
}
