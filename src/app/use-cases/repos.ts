import { type CheckedRepository, checkRepositories, type FleetCheck } from "../../repositories/check-repositories.ts";
import { scanFolder, type ScanResult } from "../../repositories/scan.ts";
import { previewSelection } from "../../repositories/select-repositories.ts";
import type { Fleet, Repository } from "../../repositories/types.ts";
import { showVisible } from "../access-policy.ts";
import type { AppContext } from "../app-context.ts";
import { readLastResults } from "../last-results.ts";
import { explainUnmatched } from "../unmatched-terms.ts";
import { defineUseCase, type Resource } from "../use-case.ts";

/** Each subject is shown the repositories that it may see, and how many there are besides. */
const visibleFleet: Resource = { name: "repos", repositories: "any" };

/** Which repositories. */
export interface SelectInput {
  /** Selector text; all when left out. */
  readonly select?: string;
  readonly signal?: AbortSignal;
}

/** Repositories as the subject may see them. */
export interface RepositoryList {
  readonly fleet: Fleet;
  /** In the order of the fleet. */
  readonly repositories: readonly Repository[];
  /** Repositories of which it cannot be told whether they are selected, each with the reason. */
  readonly undecided: readonly { readonly repository: Repository; readonly reason: string }[];
  /** How many are left out because the subject may not see them. */
  readonly hidden: number;
  /** Sentences about terms of the selector that fit no repository. */
  readonly unmatched: readonly string[];
}

/** `repos list` and `repos graph`. */
export const listRepositories = defineUseCase<SelectInput, RepositoryList>({
  name: "listRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => visibleFleet,
  run: pickVisible,
});

/** How to check. */
export interface CheckRepositoriesInput extends SelectInput {
  readonly maxParallel?: number;
}

/** What was found, as far as the subject may see it. */
export interface VisibleCheck {
  readonly fleet: Fleet;
  readonly repositories: readonly CheckedRepository[];
  /** Over the repositories that are shown. */
  readonly counts: FleetCheck["counts"];
  readonly undecided: RepositoryList["undecided"];
  readonly hidden: number;
  readonly unmatched: RepositoryList["unmatched"];
}

/** `repos check`: looks at every selected working tree. */
export const checkFleetRepositories = defineUseCase<CheckRepositoriesInput, VisibleCheck>({
  name: "checkFleetRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => visibleFleet,
  run: async (context, input) => {
    const { repositories, ...picked } = await pickVisible(context, input);
    const { fleet } = picked;
    const { maxParallel, signal } = input;
    const check = await checkRepositories(fleet, {
      repositories,
      ...(maxParallel === undefined ? {} : { parallelism: maxParallel }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { ...picked, ...check };
  },
});

/** Where to look. */
export interface ScanInput {
  /** Absolute path. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** `repos scan DIR`: compares a folder with the whole manifest, and so is about all of it. */
export const scanRepositories = defineUseCase<ScanInput, ScanResult>({
  name: "scanRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => ({ name: "repos" }),
  run: async (context, { folder, signal }) =>
    await scanFolder(await context.fleet(), folder, signal === undefined ? {} : { signal }),
});

async function pickVisible(context: AppContext, { select, signal }: SelectInput): Promise<RepositoryList> {
  const fleet = await context.fleet();
  const selection = await previewSelection(fleet, select, {
    lastResults: readLastResults(context),
    ...(signal === undefined ? {} : { signal }),
  });
  const { repositories, hidden } = await showVisible(context, "repos:read", selection.repositories);
  const open = selection.undecided.map(({ repository }) => repository);
  const seen = new Set((await showVisible(context, "repos:read", open)).repositories);
  const undecided = selection.undecided.filter(({ repository }) => seen.has(repository));
  const known = select === undefined ? [] : (await showVisible(context, "repos:read", fleet.repositories)).repositories;
  const unmatched = select === undefined ? [] : explainUnmatched(select, fleet, known);
  return { fleet, repositories, undecided, hidden: hidden + selection.undecided.length - undecided.length, unmatched };
}
