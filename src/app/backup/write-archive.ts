import { createHash } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { pack } from "tar-stream";
import { createSeal } from "./seal-stream.ts";
import type { Manifest, ManifestEntry, ManifestLink } from "./manifest.ts";
import { chunkSize, manifestName } from "./manifest.ts";
import { SteadyWriter } from "./steady-writer.ts";
import type { ArchiveSource } from "./walk-sources.ts";

const filler = Buffer.alloc(64 * 1024);

/** What is known of a manifest before the files are read. */
export type ManifestHead = Omit<Manifest, "entries" | "links">;

/**
 * Writes an archive: a tar file, compressed by Zstandard, encrypted when there is a key; the manifest is its last entry. Resolves when it is
 * durable. What disappears before it is read is left out.
 *
 * @param sources taken one by one, so that a million files need no memory
 * @returns the manifest
 */
export async function writeArchive(
  file: string,
  head: ManifestHead,
  {
    sources,
    key,
    signal,
    leave,
  }: {
    readonly sources: Iterable<ArchiveSource>;
    readonly key: string | null;
    readonly signal: AbortSignal;
    /** Told of a file that was changed while it was read: what is in the archive is not what it was at any moment. */
    readonly leave: (path: string) => void;
  },
): Promise<Manifest> {
  const tar = pack();
  const target = async (parts: AsyncIterable<Buffer>): Promise<void> => {
    await using handle = await open(file, "wx", 0o600);
    const writer = new SteadyWriter(handle);
    for await (const part of parts) await writer.write(part);
    await writer.end();
  };
  const bytes = tar as AsyncIterable<Buffer>;
  const written =
    key === null
      ? pipeline(bytes, createZstdCompress({ chunkSize }), target)
      : pipeline(bytes, createZstdCompress({ chunkSize }), createSeal(key), target);
  // Nobody may go on waiting for room in what is over.
  const over = new AbortController();
  written.catch((error: unknown) => {
    over.abort(error);
    tar.destroy();
  });
  const stop = AbortSignal.any([signal, over.signal]);
  const entries: ManifestEntry[] = [];
  const links: ManifestLink[] = [];
  const finish = async (): Promise<Manifest> => {
    for (const source of sources) {
      if (source.link === undefined) {
        const entry = await addFile(tar, source, { signal: stop, leave });
        if (entry !== null) entries.push(entry);
        continue;
      }
      tar.entry({ name: source.path, type: "symlink", linkname: source.link });
      links.push({ path: source.path, target: source.link });
    }
    const manifest: Manifest = { ...head, entries, links };
    tar.entry({ name: manifestName, mode: 0o600 }, JSON.stringify(manifest));
    tar.finalize();
    return manifest;
  };
  try {
    const [manifest] = await Promise.all([finish(), written]);
    return manifest;
  } catch (error) {
    tar.destroy();
    await written.catch(() => undefined);
    throw over.signal.aborted ? over.signal.reason : error;
  }
}

async function addFile(
  tar: ReturnType<typeof pack>,
  { path, file }: ArchiveSource,
  { signal, leave }: { readonly signal: AbortSignal; readonly leave: (path: string) => void },
): Promise<ManifestEntry | null> {
  signal.throwIfAborted();
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  await using _closed = handle;
  const { size, mode, mtime } = await handle.stat();
  const hash = createHash("sha256");
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const entry = tar.entry({ name: path, size, mode: mode & 0o777, mtime }, (error) => {
    if (error) reject(error);
    else resolve(undefined);
  });
  // Nobody awaits it yet when the archive is given up meanwhile.
  promise.catch(() => undefined);
  let left = size;
  // What is appended meanwhile, such as to the log of a running step, is not in it.
  if (size > 0) {
    for await (const bytes of handle.createReadStream({ end: size - 1, autoClose: false, highWaterMark: chunkSize })) {
      signal.throwIfAborted();
      const part = bytes as Buffer;
      hash.update(part);
      left -= part.length;
      if (!entry.write(part)) await once(entry, "drain", { signal });
    }
  }
  // It has become shorter meanwhile, and its size is written already.
  if (left > 0) leave(`${path} (changed while it was read)`);
  for (; left > 0; left -= Math.min(left, filler.length)) {
    const part = filler.subarray(0, Math.min(left, filler.length));
    hash.update(part);
    if (!entry.write(part)) await once(entry, "drain", { signal });
  }
  entry.end(null);
  await promise;
  return { path, bytes: size, sha256: hash.digest("hex") };
}
