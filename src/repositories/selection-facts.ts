import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { mapLimited } from "../lib/semaphore.ts";
import type { TermNode } from "../selectors/ast.ts";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import { type TermFacts, terms } from "../selectors/terms.ts";
import { firstLine, GitError } from "./git-error.ts";
import { confineGit, readGitFacts } from "./git-facts.ts";
import { runGit } from "./run-git.ts";
import type { GitFacts, Repository } from "./types.ts";
import { openWorkingTree } from "./working-tree.ts";

/** The state of each repository's latest target by name; a repository without one is left out. */
export type ReadLastResults = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** How facts for a selector are read. */
export interface FactReading {
  readonly parallelism: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly lastResults?: ReadLastResults | undefined;
}

/** From cheap to dear: a cheap fact may settle a selector before a dear one is read. */
const factOrder: readonly TermFacts[] = ["runs", "files", "git", "changes"];

/** Facts of repositories that were read so far. Each is read at most once. */
export class SelectionFacts {
  readonly #reading: FactReading;
  readonly #git = new Map<string, GitFacts>();
  readonly #files = new Map<string, Map<string, boolean>>();
  readonly #changes = new Map<string, Map<string, boolean>>();
  #last: ReadonlyMap<string, string> | undefined;
  readonly #failures = new Map<string, string>();

  constructor(reading: FactReading) {
    this.#reading = reading;
  }

  /** Adds to a subject what was read about it. */
  complete(subject: SelectorSubject): SelectorSubject {
    const { name } = subject;
    return {
      ...subject,
      hasFile: (file) => this.#files.get(name)?.get(file),
      git: this.#gitOf(name),
      changedSince: (ref) => this.#changes.get(name)?.get(ref),
      last: this.#last === undefined ? undefined : (this.#last.get(name) ?? null),
    };
  }

  #gitOf(name: string): SelectorSubject["git"] {
    const facts = this.#git.get(name);
    return facts === undefined ? undefined : { dirty: facts.changed > 0, ahead: facts.ahead, behind: facts.behind };
  }

  /** Why nothing more can be read about a repository, if so. */
  failureOf(name: string): string | undefined {
    return this.#failures.get(name);
  }

  /** Notes that a repository is not to be read. */
  refuse(name: string, reason: string): void {
    this.#failures.set(name, reason);
  }

  /** Reads, for all open repositories at once, the cheapest kind of fact that any of them still waits for. */
  async readNext(open: ReadonlyMap<Repository, ReadonlySet<TermNode>>): Promise<void> {
    const missing = [...open].flatMap(([repository, nodes]) => [...nodes].map((node) => ({ repository, node })));
    const kind = factOrder.find((facts) => missing.some(({ node }) => terms[node.term].facts === facts));
    if (kind === undefined) throw new Error("a selector waits for facts that cannot be read");
    const wanted = new Map<Repository, Set<string>>();
    for (const { repository, node } of missing) {
      if (terms[node.term].facts !== kind) continue;
      const values = wanted.get(repository) ?? new Set();
      wanted.set(repository, values.add(node.value));
    }
    if (kind === "runs")
      this.#last = (await this.#reading.lastResults?.([...open.keys()].map(({ name }) => name))) ?? new Map();
    else
      await mapLimited(
        [...wanted],
        this.#reading.parallelism,
        async ([repository, values]) => await this.#read(kind, repository, values),
      );
  }

  async #read(kind: TermFacts, repository: Repository, values: ReadonlySet<string>): Promise<void> {
    const { name, path } = repository;
    try {
      if (kind === "git") this.#git.set(name, await readGitFacts(path, this.#reading));
      for (const value of values) {
        if (kind === "files") remember(this.#files, name, value, await hasFile(path, value));
        if (kind === "changes") remember(this.#changes, name, value, await this.#hasChanged(path, value));
      }
    } catch (error) {
      this.#reading.signal?.throwIfAborted();
      if (error instanceof MahavishnuError && error.code === "GIT_MISSING") throw error;
      this.#failures.set(name, describeFailure(error));
    }
  }

  async #hasChanged(path: string, ref: string): Promise<boolean> {
    const { env, signal } = this.#reading;
    const opened = await openWorkingTree(path);
    if (opened.tree === undefined) throw new Error(opened.reason);
    const { exitCode } = await runGit({
      folder: opened.tree.realPath,
      args: ["diff", "--quiet", "--no-ext-diff", "--no-textconv", "--merge-base", ref, "--"],
      accept: [0, 1],
      env: confineGit(env, opened.tree),
      signal,
    });
    return exitCode === 1;
  }
}

function remember(facts: Map<string, Map<string, boolean>>, name: string, key: string, value: boolean): void {
  facts.set(name, (facts.get(name) ?? new Map<string, boolean>()).set(key, value));
}

/** A missing repository has no answer: "it has no such file" would drop it without a word. */
async function hasFile(path: string, file: string): Promise<boolean> {
  await stat(path);
  try {
    await lstat(join(path, file));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof GitError) return firstLine(error.stderr) || error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "the path does not exist";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
