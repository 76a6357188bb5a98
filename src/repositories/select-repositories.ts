import { count } from "../lib/count.ts";
import { availableParallelism } from "node:os";
import { MahavishnuError } from "../lib/errors.ts";
import type { TermNode } from "../selectors/ast.ts";
import { compileSelector, type Selector, type SelectorContext } from "../selectors/compile-selector.ts";
import { type Answer, evaluateSelector } from "../selectors/evaluate-selector.ts";
import { termNames } from "../selectors/terms.ts";
import { assertContained, findEscapes } from "./containment.ts";
import { describeFleet } from "./fleet-subjects.ts";
import { gitEnvironment } from "./run-git.ts";
import { type ReadLastResults, SelectionFacts } from "./selection-facts.ts";
import type { Fleet, Repository } from "./types.ts";

/** What a selector picked. */
export interface Selection {
  /** In the order of the fleet. */
  readonly repositories: readonly Repository[];
  /** Repositories of which it could not be told, each with the reason. */
  readonly undecided: readonly { readonly repository: Repository; readonly reason: string }[];
}

/** How a selector is evaluated. */
export interface SelectOptions {
  /** What the selector's text is called in messages; `--select` when left out. */
  readonly file?: string;
  /** Reads the state of latest targets; without it `last:` is refused. Called at most once. */
  readonly lastResults?: ReadLastResults;
  /** Repositories that are read at the same time; twice the processors when left out. */
  readonly parallelism?: number;
  readonly signal?: AbortSignal;
  /** Names: no other repository is picked, looked at or refused. All when left out. */
  readonly within?: ReadonlySet<string> | undefined;
  /** What the selector may name; what the fleet declares when left out. */
  readonly names?: SelectorContext;
}

/**
 * The repositories that a selector picks, in the order of the fleet; all of them without a selector. This is the door
 * for whatever acts on repositories: paths outside the allowed roots are refused, and so are selections that cannot be
 * told for sure (an optional repository that cannot be read stands in `undecided`).
 *
 * @throws UserFileError for a wrong selector; MahavishnuError `REPOSITORY_OUTSIDE_ROOTS` or `SELECTION_UNDECIDED`.
 * @example
 * const { repositories } = await selectRepositories(fleet, "role:service && dirty");
 */
export async function selectRepositories(fleet: Fleet, text?: string, options: SelectOptions = {}): Promise<Selection> {
  const selection = await previewSelection(fleet, text, options);
  refuseUndecided(selection, options.file ?? defaultFile);
  await assertContained(fleet, selection.repositories);
  return selection;
}

/**
 * Like `selectRepositories`, for callers that only show repositories: what is outside the roots is kept, and what cannot
 * be told is named with its reason.
 *
 * @throws UserFileError for a wrong selector.
 */
export async function previewSelection(fleet: Fleet, text?: string, options: SelectOptions = {}): Promise<Selection> {
  if (text === undefined) return { repositories: candidatesOf(fleet, options), undecided: [] };
  const context = options.names ?? contextOf(fleet, options.lastResults !== undefined);
  return await evaluate(fleet, compileSelector(text, options.file ?? defaultFile, context), options);
}

const defaultFile = "--select";

/** What selectors over a fleet may refer to; for whoever checks one without evaluating it. */
export function contextOf(fleet: Fleet, hasHistory: boolean): SelectorContext {
  return {
    named: fleet.selectors,
    roles: [...fleet.roles.keys()],
    repositories: [...fleet.byName.keys()],
    allowed: new Set(termNames.filter((term) => hasHistory || term !== "last")),
  };
}

function candidatesOf({ repositories }: Fleet, { within }: SelectOptions): readonly Repository[] {
  return within === undefined ? repositories : repositories.filter(({ name }) => within.has(name));
}

async function evaluate(fleet: Fleet, selector: Selector, options: SelectOptions): Promise<Selection> {
  const { parallelism = 2 * availableParallelism(), signal, lastResults } = options;
  const subjectOf = describeFleet(fleet);
  const facts = new SelectionFacts({ parallelism, signal, lastResults, env: gitEnvironment() });
  const candidates = candidatesOf(fleet, options);
  const answers = new Map<Repository, Answer>(
    candidates.map((repository) => [repository, evaluateSelector(selector, subjectOf(repository))]),
  );
  let open = openOnes(answers, facts);
  // Not even a file is looked at outside the allowed roots.
  for (const { repository } of await findEscapes(fleet, [...open.keys()])) {
    facts.refuse(repository.name, "its path is outside the allowed folders");
  }
  for (open = openOnes(answers, facts); open.size > 0; open = openOnes(answers, facts)) {
    signal?.throwIfAborted();
    await facts.readNext(open);
    for (const repository of open.keys()) {
      answers.set(repository, evaluateSelector(selector, facts.complete(subjectOf(repository))));
    }
  }
  const repositories = candidates.filter((repository) => answers.get(repository) === true);
  const undecided = candidates
    .filter((repository) => typeof answers.get(repository) !== "boolean")
    .map((repository) => ({ repository, reason: facts.failureOf(repository.name) ?? "its facts cannot be read" }));
  return { repositories, undecided };
}

/** Repositories without an answer that reading more may give one. */
function openOnes(
  answers: ReadonlyMap<Repository, Answer>,
  facts: SelectionFacts,
): Map<Repository, ReadonlySet<TermNode>> {
  const open = new Map<Repository, ReadonlySet<TermNode>>();
  for (const [repository, answer] of answers) {
    if (typeof answer !== "boolean" && facts.failureOf(repository.name) === undefined) open.set(repository, answer);
  }
  return open;
}

function refuseUndecided({ undecided }: Selection, file: string): void {
  const firm = undecided.filter(({ repository }) => !repository.optional);
  if (firm.length === 0) return;
  const list = firm.map(({ repository: { name, path }, reason }) => `  ${name}: ${reason} (${path})`).join("\n");
  const many = count(firm.length, "repository is", "repositories are");
  throw new MahavishnuError("SELECTION_UNDECIDED", `${file}: it cannot be told whether ${many} picked:\n${list}`);
}
