import type { FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Bytes. */
const syncEvery = 4 * 1024 ** 2;

/**
 * Writes much to a file, a little at a time: the syncs of the journal beside it wait for all that the disk has not got yet. After each part the disk
 * is left to others for twice as long as that part took.
 */
export class SteadyWriter {
  readonly #handle: FileHandle;
  #unsynced = 0;
  #mark = performance.now();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#handle.writeFile(bytes);
    this.#unsynced += bytes.length;
    if (this.#unsynced < syncEvery) return;
    this.#unsynced = 0;
    await this.#handle.datasync();
    await delay(2 * (performance.now() - this.#mark));
    this.#mark = performance.now();
  }

  /** Makes all of it durable. */
  async end(): Promise<void> {
    await this.#handle.sync();
  }
}
