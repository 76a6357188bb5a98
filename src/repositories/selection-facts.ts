import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { mapLimited } from "../lib/semaphore.ts";
import type { TermNode } from "../selectors/ast.ts";
import type { SelectorSubject } from "../selectors/evaluate-selector.ts";
import { type TermFacts, terms } from "../selectors/terms.ts";
import { firstLine, GitError } from "./git-error.ts";
import { openGitBatch } from "./git-batch.ts";
import { readFactsOf, statusArguments } from "./git-facts.ts";
import type { GitFacts, Repository } from "./types.ts";
import { openWorkingTree, type WorkingTree } from "./working-tree.ts";

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
    const wanted = missing.filter(({ node }) => terms[node.term].facts === kind);
    switch (kind) {
      case "runs":
        this.#last = (await this.#reading.lastResults?.([...open.keys()].map(({ name }) => name))) ?? new Map();
        return;
      case "files":
        for (const [file, repositories] of groupByValue(wanted)) await this.#readFiles(file, repositories);
        return;
      case "git":
        await this.#readStatus([...new Set(wanted.map(({ repository }) => repository))]);
        return;
      case "changes":
        for (const [ref, repositories] of groupByValue(wanted)) await this.#readChanges(ref, repositories);
        return;
      case "manifest":
      case undefined:
        throw new Error("a selector waits for facts that cannot be read");
    }
  }

  async #readFiles(file: string, repositories: readonly Repository[]): Promise<void> {
    await this.#readEach(repositories, async ({ name, path }) => {
      remember(this.#files, name, file, await hasFile(path, file));
    });
  }

  async #readStatus(repositories: readonly Repository[]): Promise<void> {
    const { parallelism: size, env, signal } = this.#reading;
    await using batch = openGitBatch({ args: statusArguments, size, env, signal });
    await this.#readEach(repositories, async ({ name, path }) => {
      this.#git.set(name, await readFactsOf(await openOrFail(path), { batch }));
    });
  }

  async #readChanges(ref: string, repositories: readonly Repository[]): Promise<void> {
    const { parallelism: size, env, signal } = this.#reading;
    const args = ["diff", "--quiet", "--no-ext-diff", "--no-textconv", "--merge-base", ref, "--"];
    await using batch = openGitBatch({ args, size, env, signal, accept: [0, 1] });
    await this.#readEach(repositories, async ({ name, path }) => {
      const { exitCode } = await batch.run((await openOrFail(path)).realPath);
      remember(this.#changes, name, ref, exitCode === 1);
    });
  }

  /** What cannot be read of one repository is noted there; without git, or when stopped, everything ends. */
  async #readEach(repositories: readonly Repository[], read: (repository: Repository) => Promise<void>): Promise<void> {
    const { parallelism, signal } = this.#reading;
    await mapLimited(repositories, parallelism, async (repository) => {
      try {
        await read(repository);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof MahavishnuError && error.code === "GIT_MISSING") throw error;
        this.#failures.set(repository.name, describeFailure(error));
      }
    });
  }
}

interface Wanted {
  readonly repository: Repository;
  readonly node: TermNode;
}

function groupByValue(wanted: readonly Wanted[]): [string, Repository[]][] {
  const groups = Map.groupBy(wanted, ({ node }) => node.value);
  return [...groups].map(([value, list]) => [value, [...new Set(list.map(({ repository }) => repository))]]);
}

async function openOrFail(path: string): Promise<WorkingTree> {
  const opened = await openWorkingTree(path);
  if (opened.tree === undefined) throw new Error(opened.reason);
  return opened.tree;
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
