import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

/** Who acts. Groups come from a verified token; somebody at this machine has none. */
export interface Subject {
  /** `local:dana`, `user:dana`, `service:ci`. */
  readonly name: string;
  /** `group:platform`. */
  readonly groups: readonly string[];
  /** The token of this workspace that was shown; a token of an OIDC issuer is none. */
  readonly token?: SubjectToken;
}

/** What a token of this workspace adds to its subject, or leaves of it. */
export interface SubjectToken {
  readonly id: string;
  /** The only rights of whoever shows the token; null when those are the rights of its subject. */
  readonly binding: TokenBinding | null;
}

/** The rights that were written into the register with a token. */
export interface TokenBinding {
  readonly role: string;
  /** A selector of repositories; all without it. */
  readonly where?: string;
}

/** What may stand after `user:`, `service:` and `group:`: one word without anything that could pass for something else in a list. */
const subjectName = /^[^\s\p{C}\p{Z}]{1,200}$/u;

/** Whether a text may be the name of somebody; it comes from an issuer or from a command line. */
export function isSubjectName(name: string): boolean {
  // Of two texts that look the same, only one is let in.
  return subjectName.test(name) && name === name.normalize("NFC");
}

/** Whether a token may be made for a subject: a user or a service. Nobody can become `local:`, `group:` or another token by one. */
export function isTokenSubject(subject: string): boolean {
  const name = /^(?:user|service):(.*)$/su.exec(subject)?.[1];
  return name !== undefined && isSubjectName(name);
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
