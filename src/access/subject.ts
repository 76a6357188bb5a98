import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

/** Who acts. Groups come from a verified token; somebody at this machine has none. */
export interface Subject {
  /** `local:dana`, `user:dana`, `service:ci`. */
  readonly name: string;
  /** `group:platform`. */
  readonly groups: readonly string[];
}

/** Who uses this process, by the name that the operating system gives. Nothing that a caller says can change it. */
export function localSubject(): Subject {
  return { name: `local:${operatingSystemUser()}`, groups: [] };
}

/**
 * The owner of a workspace, as far as this process can tell: whoever can write its state folder (or make it, as long as there is
 * none) has the role admin. Null when that is not the user of this process.
 *
 * @param stateFolder absolute
 */
export function findLocalOwner(stateFolder: string): string | null {
  for (let folder = stateFolder; ; folder = dirname(folder)) {
    try {
      accessSync(folder, constants.W_OK);
      return localSubject().name;
    } catch (error) {
      // What is not there yet can be made by whoever can write the folder above.
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "ENOENT" && code !== "ENOTDIR") || folder === dirname(folder)) return null;
    }
  }
}

function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return String(process.getuid?.() ?? "unknown");
  }
}
