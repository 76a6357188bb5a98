import { execFile } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

/** What one command writes. */
export interface CommandOutput {
  /** Ends when no process holds it any more, once it was let go of. */
  readonly stream: Readable;
  /** Shell words that lead a command's output into it. */
  readonly redirect: string;
  /** To be called when the command has ended, or could not begin. */
  letGo(): void;
}

/**
 * A pipe for one command after the other. Node itself only makes sockets, which Linux opens neither as /dev/stdout nor as
 * /dev/stderr; and a command gets a socket only when its process is started, a pipe whenever it opens it.
 */
export class CommandPipe {
  readonly #fd: number;

  /** @param fd of the reading end */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The file that a command opens to write. It is gone when this process is, so that nothing waits for a reader for ever. */
  get #path(): string {
    return `/proc/${process.pid}/fd/${this.#fd}`;
  }

  /** Opens it for one command; the last one must have ended, with its stream. */
  open(): CommandOutput {
    const reading = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Until the command has opened its own: without any writer the pipe would end at once.
    const writing = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
    const stream = new Socket({ fd: reading, readable: true, writable: false });
    return { stream, redirect: `>${this.#path} 2>&1`, letGo: () => closeSync(writing) };
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Makes pipes; null where this system has no /proc, no `mkfifo`, or no temporary folder to make them in. */
export async function makeCommandPipes(count: number): Promise<CommandPipe[] | null> {
  if (process.platform !== "linux") return null;
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "mahavishnu-pipes-"));
    const files = Array.from({ length: count }, (_, n) => join(folder ?? "", String(n)));
    await promisify(execFile)("mkfifo", ["-m", "600", ...files]);
    return files.map((file) => new CommandPipe(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)));
  } catch {
    return null;
  } finally {
    // An open pipe needs no name.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
