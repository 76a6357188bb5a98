import { readFile, stat } from "node:fs/promises";
import { messageOf } from "../lib/errors.ts";

/** The text of a file, or why there is none. */
export type FileText =
  | { readonly text: string }
  | { readonly text?: undefined; readonly missing: boolean; readonly reason: string };

/**
 * Reads a text file of a user: UTF-8, a regular file, at most `maxBytes`. Says why instead of throwing, so that
 * a device, a pipe that never ends or a file in another encoding is told as what it is.
 */
export async function readUserFile(path: string, maxBytes: number): Promise<FileText> {
  try {
    const { size, ...kind } = await describeFile(path);
    if (!kind.isFile) return { missing: false, reason: kind.isFolder ? "it is a folder" : "it is not a regular file" };
    if (size > maxBytes) return { missing: false, reason: `it is larger than ${maxBytes} bytes` };
    const bytes = await readFile(path);
    try {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
    } catch {
      return { missing: false, reason: "it is not UTF-8 text" };
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { missing: true, reason: "there is no such file" };
    if (code === "EACCES" || code === "EPERM") return { missing: false, reason: "permission denied" };
    return { missing: false, reason: messageOf(error) };
  }
}

async function describeFile(path: string): Promise<{ isFile: boolean; isFolder: boolean; size: number }> {
  const stats = await stat(path);
  return { isFile: stats.isFile(), isFolder: stats.isDirectory(), size: stats.size };
}
