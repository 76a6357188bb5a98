import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough, type Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { extract } from "tar-stream";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import { chunkSize, formatVersion, isManifest, type Manifest, manifestName } from "./manifest.ts";
import { createUnseal, sealMark } from "./seal-stream.ts";

/** The manifest alone is kept in memory. */
const longestManifest = 256 * 1024 ** 2;

interface FoundFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Reads an archive to its end and checks it against its manifest: every file is there, as it was, and nothing else.
 *
 * @param into a folder that gets the files; without it only those that `wanted` names are written, or none
 * @throws MahavishnuError BACKUP_DAMAGED, BACKUP_KEY, BACKUP_NOT_FOUND
 */
export async function readArchive(
  file: string,
  {
    key,
    into,
    wanted,
  }: { readonly key: string | null; readonly into: string; readonly wanted: (path: string) => boolean },
): Promise<Manifest> {
  const files = new Map<string, FoundFile>();
  const links = new Map<string, string>();
  let text: string | undefined;
  const tar = extract();
  const unseal = await unsealFor(file, key);
  const feeding = pipeline(
    createReadStream(file, { highWaterMark: chunkSize }),
    unseal,
    createZstdDecompress({ chunkSize }),
    async (bytes) => {
      for await (const part of bytes) {
        if (!tar.write(part as Buffer)) await new Promise<void>((drained) => void tar.once("drain", () => drained()));
      }
      tar.end(null);
    },
  );
  feeding.catch((error: unknown) => tar.destroy(error as Error));
  try {
    for await (const entry of tar) {
      const { name, type, linkname } = entry.header;
      if (text !== undefined) throw new Error("something follows its manifest");
      expectSafe(name);
      if (files.has(name) || links.has(name)) throw new Error(`${name} is there twice`);
      if (type === "symlink") {
        expectDeep(name);
        links.set(name, linkname ?? "");
        entry.resume();
        continue;
      }
      if (type !== "file") throw new Error(`${name} is neither a file nor a link`);
      if (name === manifestName) text = await readText(entry as unknown as Readable);
      else {
        const target = wanted(name) ? join(into, name) : null;
        files.set(
          name,
          await takeFile(entry as unknown as Readable, target, { mode: modeOf(name, entry.header.mode) }),
        );
      }
    }
    await feeding;
    expectBeside([...files.keys(), ...links.keys()], links);
  } catch (error) {
    if (error instanceof MahavishnuError) throw error;
    // What the machine says is no fault of the backup: no room, no right to write.
    if (typeof (error as NodeJS.ErrnoException).syscall === "string") {
      throw new MahavishnuError("RESTORE_REFUSED", `${file} cannot be unpacked: ${messageOf(error)}`, {
        fix: "See that the disk has room for it and can be written.",
        cause: error,
      });
    }
    throw damaged(file, messageOf(error));
  }
  const manifest = parseManifest(file, text);
  compare(file, manifest, files, links);
  return manifest;
}

async function unsealFor(file: string, key: string | null): Promise<Transform> {
  let beginning: Buffer;
  try {
    await using handle = await open(file, "r");
    beginning = Buffer.alloc(sealMark.length);
    await handle.read(beginning, 0, sealMark.length, 0);
  } catch (error) {
    throw new MahavishnuError("BACKUP_NOT_FOUND", `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (!beginning.equals(sealMark)) {
    if (key === null) return new PassThrough();
    // Whoever can write to the folder of backups could otherwise put another state in the place of a sealed one.
    throw new MahavishnuError("BACKUP_KEY", `${file} is not encrypted, and backup.key is set`, {
      fix: "If you trust the file, leave backup.key out for this command.",
    });
  }
  if (key === null) throw new MahavishnuError("BACKUP_KEY", `${file} is encrypted, and backup.key is not set`);
  return createUnseal(key);
}

/** In a worktree, what can be executed stays so; all else is for its owner alone. */
function modeOf(name: string, mode: number | undefined): number {
  return name.startsWith("state/worktrees/") ? (mode ?? 0o600) & 0o777 : 0o600;
}

/** A name of our own making: below the root, and nothing that leads out of it. */
function expectSafe(name: string): void {
  const parts = name.split("/");
  if (
    name.includes("\0") ||
    name.includes("\\") ||
    parts.some((part) => part === "" || part === "." || part === "..")
  ) {
    throw new Error(`${JSON.stringify(name)} is no name of a file in a backup`);
  }
}

/** Links are in folders of ours, and are none of them: what is put into one must be where it seems to be. */
function expectDeep(name: string): void {
  if (!name.startsWith("state/") || name.split("/").length < 3)
    throw new Error(`${JSON.stringify(name)} is no place for a link`);
}

/** Nothing lies behind a link of the archive: it would be written to wherever that leads. */
function expectBeside(names: readonly string[], links: ReadonlyMap<string, string>): void {
  for (const name of names) {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
      if (links.has(name.slice(0, at))) throw new Error(`${JSON.stringify(name)} is behind a link`);
    }
  }
}

async function takeFile(
  entry: Readable,
  target: string | null,
  { mode }: { readonly mode: number },
): Promise<FoundFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  if (target !== null) await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  // Links are made only at the very end, so nothing is written through one.
  const handle = target === null ? null : await open(target, "wx", 0o600);
  try {
    for await (const part of entry) {
      hash.update(part as Buffer);
      bytes += (part as Buffer).length;
      await handle?.writeFile(part as Buffer);
    }
    await handle?.chmod(mode);
    await handle?.sync();
  } finally {
    await handle?.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function readText(entry: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of entry) {
    length += (part as Buffer).length;
    if (length > longestManifest) throw new Error("its manifest is too long");
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString();
}

function parseManifest(file: string, text: string | undefined): Manifest {
  if (text === undefined) throw damaged(file, "it has no manifest: it is cut off");
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw damaged(file, "its manifest is no JSON");
  }
  const { format } = (manifest ?? {}) as { readonly format?: unknown };
  if (typeof format === "number" && format > formatVersion) {
    const message = `${file} has format ${format}; this version of mahavishnu knows ${formatVersion}`;
    throw new MahavishnuError("STATE_NEWER", message);
  }
  if (!isManifest(manifest)) throw damaged(file, "its manifest is not one");
  return manifest;
}

function compare(
  file: string,
  { entries, links }: Manifest,
  files: ReadonlyMap<string, FoundFile>,
  foundLinks: ReadonlyMap<string, string>,
): void {
  for (const { path, bytes, sha256 } of entries) {
    const found = files.get(path);
    if (found === undefined) throw damaged(file, `${path} is missing`);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw damaged(file, `${path} is not what was written`);
  }
  for (const { path, target } of links) {
    if (foundLinks.get(path) !== target) throw damaged(file, `the link ${path} is not what was written`);
  }
  const known = new Set([...entries, ...links].map(({ path }) => path));
  const odd = [...files.keys(), ...foundLinks.keys()].find((path) => !known.has(path));
  if (odd !== undefined) throw damaged(file, `${odd} is not in its manifest`);
}

function damaged(file: string, why: string): MahavishnuError {
  return new MahavishnuError("BACKUP_DAMAGED", `${file} is damaged: ${why}`);
}
