import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scratch } from "../scratch.ts";

/**
 * A folder by which steps and their probe speak to each other, outside of the store: what is counted here really happened,
 * whatever the product says. Steps know it as `$OUTSIDE`.
 */
export interface Outside {
  /** `env` of a job that uses it. */
  readonly env: { readonly OUTSIDE: string };
  /** Lines of a file; none when it is not there. */
  readonly lines: (name: string) => Promise<readonly string[]>;
  readonly has: (name: string) => Promise<boolean>;
  /** Makes a file, for which a step may wait. */
  readonly open: (name: string) => Promise<void>;
}

/** Makes the folder. */
export async function makeOutside(scratch: Scratch): Promise<Outside> {
  const folder = join(scratch.folder, "outside");
  await mkdir(folder);
  await writeFile(join(folder, "keep"), "");
  return {
    env: { OUTSIDE: folder },
    lines: async (name) => {
      const text = await readFile(join(folder, name), "utf8").catch(() => "");
      return text.split("\n").slice(0, -1);
    },
    has: async (name) =>
      await stat(join(folder, name)).then(
        () => true,
        () => false,
      ),
    open: async (name) => await writeFile(join(folder, name), ""),
  };
}

/**
 * A line of a step's script that waits for a file of the outside folder. It ends with the scratch space, so that nothing stays
 * behind even when nobody is left to end it.
 */
export function waitForFile(name: string): string {
  return `while [ ! -e "$OUTSIDE/${name}" ] && [ -e "$OUTSIDE/keep" ]; do sleep 0.05; done`;
}

/** A line of a step's script that goes on until the scratch space is gone. */
export const holdOn = 'while [ -e "$OUTSIDE/keep" ]; do sleep 0.05; done';
