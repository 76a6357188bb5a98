import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { identifyProcess } from "../../../lib/process-identity.ts";

const prefix = ".readiness-";

/** A path in a folder of the user for something that a check makes there and removes again. It tells whose it is. */
export function makeScratchName(folder: string): string {
  return join(folder, `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`);
}

/** Removes what killed checks have left in a folder under such names. */
export async function sweepScratchNames(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^\.readiness-(\d+)-[0-9a-f]{8}/.exec(name)?.[1]);
    if (!Number.isSafeInteger(pid) || identifyProcess(pid) !== null) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
