import { mkdir, open, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { identifyProcess } from "../../lib/process-identity.ts";
import { formatSize } from "../../lib/size.ts";
import type { Finding } from "./health-board.ts";

/** With less free space somebody should look; with still less, steps and the database fail one after the other. */
const warnBelow = 256 * 1024 ** 2;
const failBelow = 16 * 1024 ** 2;
const prefix = "probe-";

/**
 * Writes a small file into a folder until it is durable, and looks how much space is left there. Nothing is left behind; what a killed
 * server left, `sweepProbes` removes.
 *
 * @throws whatever the file system says
 * @example
 * const { status, observedValue } = await probeDisk("/srv/acme/.mahavishnu");
 */
export async function probeDisk(folder: string): Promise<Finding> {
  const file = join(folder, `${prefix}${process.pid}`);
  try {
    await using handle = await open(file, "w", 0o600);
    await handle.writeFile("Whether this can be written is how a server finds out whether the disk works.\n");
    await handle.sync();
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  // Some file systems count nothing.
  if (blocks === 0 || free >= warnBelow) return { status: "pass", observedValue: free, observedUnit: "bytes" };
  const output = `${formatSize(free)} are free in ${folder}`;
  return { status: free < failBelow ? "fail" : "warn", observedValue: free, observedUnit: "bytes", output };
}

/** Makes a state folder where there is none, and removes what killed servers have left there. */
export async function sweepProbes(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1]);
    if (Number.isSafeInteger(pid) && identifyProcess(pid) === null) await rm(join(folder, name), { force: true });
  }
}
