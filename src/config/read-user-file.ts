import { lstatSync, readFileSync, statSync } from "node:fs";
import { messageOf } from "../lib/errors.ts";
import { formatSize } from "../lib/size.ts";

/** The text of a file, or why there is none. */
export type FileText =
  | { readonly text: string }
  | { readonly text?: undefined; readonly missing: boolean; readonly reason: string };

/**
 * Reads a text file of a user: UTF-8, a regular file, at most `maxBytes`. Says why instead of throwing, so that
 * a device, a pipe that never ends or a file in another encoding is told as what it is.
 *
 * Waits for the disk: the files are small, and nothing else can be done before they are read.
 */
export function readUserFile(path: string, maxBytes: number): FileText {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { missing: false, reason: "it is a folder" };
    if (!stats.isFile()) return { missing: false, reason: "it is not a regular file" };
    if (stats.size > maxBytes) return { missing: false, reason: `it is larger than ${formatSize(maxBytes)}` };
    const bytes = readFileSync(path);
    const text = bytes.toString("utf8");
    // What is no UTF-8 has become replacement characters, and does not lead back to the same bytes.
    if (text.includes("\uFFFD") && !Buffer.from(text).equals(bytes))
      return { missing: false, reason: "it is not UTF-8 text" };
    return { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") return { missing: false, reason: "its symbolic links lead in a circle" };
    if (code === "ENOENT" && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      return { missing: false, reason: "it is a symbolic link that leads to nothing" };
    if (code === "ENOENT" || code === "ENOTDIR") return { missing: true, reason: "there is no such file" };
    if (code === "EACCES" || code === "EPERM") return { missing: false, reason: "permission denied" };
    return { missing: false, reason: messageOf(error) };
  }
}
