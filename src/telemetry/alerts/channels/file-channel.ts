import { open } from "node:fs/promises";
import { messageOf } from "../../../lib/errors.ts";
import type { Channel } from "../alert.ts";

/** Appends each message to a file as one line of JSON, on the disk when the answer is there. */
export function makeFileChannel(options: {
  readonly name: string;
  readonly attempts: number;
  readonly path: string;
}): Channel {
  const { name, attempts, path } = options;
  return {
    name,
    attempts,
    send: async (message) => {
      try {
        await using file = await open(path, "a", 0o600);
        await file.appendFile(`${JSON.stringify(message)}\n`);
        await file.datasync();
        return { ok: true, status: null };
      } catch (error) {
        return { ok: false, final: false, error: messageOf(error), status: null, retryAfterMs: null };
      }
    },
  };
}
