import { userInfo } from "node:os";

/** Who acts. Groups come from a verified token; the local owner has none. */
export interface Subject {
  /** `local:dana`, `user:dana`, `service:ci`. */
  readonly name: string;
  /** `group:platform`. */
  readonly groups: readonly string[];
}

/**
 * Who uses this process: whoever can write the state folder (mode 0700) is its owner, and known by the name that the operating
 * system gives. Nothing that a caller says can change it.
 */
export function localSubject(): Subject {
  return { name: `local:${operatingSystemUser()}`, groups: [] };
}

function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return String(process.getuid?.() ?? "unknown");
  }
}
