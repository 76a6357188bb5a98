import type { Diagnostic } from "../lib/diagnostics.ts";

/** What a role of the manifest gives to its repositories. */
export interface Role {
  readonly name: string;
  readonly description?: string;
  /** Milliseconds that a target of this role may take, if the role says so. */
  readonly timeoutMs?: number;
}

/** One entry of the manifest. */
export interface Repository {
  readonly name: string;
  /** Place in the fleet, from 0, in the order of the manifest and its imports. */
  readonly index: number;
  /** Absolute path of the working tree, `~` and relative parts resolved, symbolic links not. */
  readonly path: string;
  readonly url?: string;
  readonly branch?: string;
  readonly role?: string;
  readonly tags: readonly string[];
  /** Names of repositories that come before this one. */
  readonly needs: readonly string[];
  /** An optional repository never lowers the outcome of a run. */
  readonly optional: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** The manifest file and line (from 1) that define it, as shown to the user. */
  readonly place: { readonly file: string; readonly line: number };
}

/** All repositories of a manifest and its imports. */
export interface Fleet {
  /** The manifest, as shown to the user. */
  readonly file: string;
  /** Absolute folder where relative paths start; `path:` of a selector is matched against paths relative to it. */
  readonly root: string;
  readonly repositories: readonly Repository[];
  readonly byName: ReadonlyMap<string, Repository>;
  readonly roles: ReadonlyMap<string, Role>;
  /** Named selectors: name to selector text. */
  readonly selectors: ReadonlyMap<string, string>;
  /** Absolute folders that every repository must lie under, after symbolic links are resolved. */
  readonly allowedRoots: readonly string[];
  /** A diagnostic at the path of a repository in the manifest, or at its name; left out where no file declares the fleet. */
  readonly diagnosePath?: (repository: Pick<Repository, "name">, message: string) => Diagnostic;
}

/** What git knows about a working tree, read with few or no processes. */
export interface GitFacts {
  /** Commit that HEAD resolves to; null in a repository without commits. */
  readonly head: string | null;
  /** Branch that HEAD is on; null when detached. */
  readonly branch: string | null;
  readonly upstream: string | null;
  readonly ahead: number;
  readonly behind: number;
  /** Number of changed, staged, unmerged and untracked paths. */
  readonly changed: number;
  /** Lock files below the git folder with their age in milliseconds. */
  readonly locks: readonly { readonly path: string; readonly ageMs: number }[];
  /** A merge, rebase, cherry-pick, revert or bisect that was begun and not ended. */
  readonly operation: "merge" | "rebase" | "cherry-pick" | "revert" | "bisect" | null;
}
