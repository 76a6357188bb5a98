import { resolve } from "node:path";
import { MahavishnuError } from "../../lib/errors.ts";
import { checkRepositories, type FleetCheck } from "../../repositories/check-repositories.ts";
import { isInside, resolveAsFarAsPossible, resolveRoots } from "../../repositories/containment.ts";
import { scanFolder } from "../../repositories/scan.ts";
import { previewSelection } from "../../repositories/select-repositories.ts";
import type { Fleet, Repository } from "../../repositories/types.ts";
import type { AppContext } from "../app-context.ts";
import {
  type CheckedItem,
  describeChecked,
  describeRepository,
  describeScan,
  type FleetPlace,
  type RepositoryItem,
  type ScanDocument,
} from "../describe-repository.ts";
import { readLastResults } from "../last-results.ts";
import { explainUnmatched } from "../unmatched-terms.ts";
import { defineUseCase, type Resource } from "../use-case.ts";
import { readVisibleFleet } from "../visible-fleet.ts";

/** Each subject is shown the repositories that it may see, and how many there are besides. */
const visibleFleet: Resource = { name: "repos", repositories: "any" };

/** Which repositories. */
export interface SelectInput {
  /** Selector text; all when left out. */
  readonly filter?: string;
}

/** What is said about a selection besides the repositories. */
interface SelectionFacts extends FleetPlace {
  readonly nextCursor: null;
  /** Repositories of which it cannot be told whether they are selected, each with the reason. */
  readonly undecided: readonly { readonly name: string; readonly reason: string }[];
  /** How many of the manifest are left out because the subject may not see them, whatever was selected. */
  readonly hidden: number;
  /** Sentences about terms of the selector that fit no repository. */
  readonly unmatched: readonly string[];
}

/** Repositories as the subject may see them, in the order of the fleet. */
export interface RepositoryList extends SelectionFacts {
  readonly items: readonly RepositoryItem[];
}

/** `repos list` and `repos graph`. */
export const listRepositories = defineUseCase<SelectInput, RepositoryList>({
  name: "listRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => visibleFleet,
  run: async (context, input) => {
    const { repositories, facts } = await pickVisible(context, input);
    return { items: repositories.map(describeRepository), ...facts };
  },
});

/** How to check. */
export interface CheckRepositoriesInput extends SelectInput {
  /** Repositories that are looked at at once. */
  readonly maxParallel?: number;
}

/** What was found, as far as the subject may see it. */
export interface RepositoryCheck extends SelectionFacts {
  readonly items: readonly CheckedItem[];
  /** Over the repositories that are shown. */
  readonly counts: FleetCheck["counts"];
}

/** `repos check`: looks at every selected working tree. */
export const checkFleetRepositories = defineUseCase<CheckRepositoriesInput, RepositoryCheck>({
  name: "checkFleetRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => visibleFleet,
  run: async (context, input) => {
    const { repositories, fleet, facts } = await pickVisible(context, input);
    const { maxParallel } = input;
    // Conflicts with repositories that are not shown are conflicts too.
    const check = await checkRepositories(await context.fleet(), {
      repositories,
      ...(maxParallel === undefined ? {} : { parallelism: maxParallel }),
      signal: context.signal,
    });
    const items = check.repositories.map((checked) => describeChecked(checked, (name) => fleet.byName.has(name)));
    return { items, counts: check.counts, ...facts };
  },
});

/** Where to look. */
export interface ScanInput {
  /** Absolute, or relative to the manifest's root. */
  readonly folder: string;
}

/** `repos scan DIR`: compares a folder with the whole manifest, and so is about all of it. */
export const scanRepositories = defineUseCase<ScanInput, ScanDocument>({
  name: "scanRepositories",
  permission: "repos:read",
  writes: false,
  resource: () => ({ name: "repos" }),
  run: async (context, { folder }) => {
    const fleet = await context.fleet();
    const start = await chooseStart(context, fleet, folder);
    return describeScan(fleet, await scanFolder(fleet, start, { signal: context.signal, asked: folder }));
  },
});

/**
 * Where a scan begins. Whoever owns the workspace can look at this machine anyway; all others see the folders of the fleet, and
 * learn nothing of any other, not even whether it is there.
 */
async function chooseStart({ subject, localOwner }: AppContext, fleet: Fleet, asked: string): Promise<string> {
  const folder = resolve(fleet.root, asked);
  if (subject.name === localOwner) return folder;
  const real = await resolveAsFarAsPossible(folder);
  if (isInside(real, await resolveRoots([fleet.root, ...fleet.allowedRoots]))) return real;
  throw new MahavishnuError("ACCESS_DENIED", `${subject.name} may scan only folders of the fleet, and not ${asked}`, {
    fix: "Name a folder below the root of the manifest; only the owner of the workspace may scan others, on the machine itself.",
  });
}

interface Picked {
  readonly fleet: Fleet;
  readonly repositories: readonly Repository[];
  readonly facts: SelectionFacts;
}

async function pickVisible(context: AppContext, { filter }: SelectInput): Promise<Picked> {
  const { fleet, hidden, total, names } = await readVisibleFleet(context);
  const selection = await previewSelection(fleet, filter, {
    lastResults: readLastResults(context),
    signal: context.signal,
    ...(names === undefined ? {} : { names }),
  });
  const facts: SelectionFacts = {
    nextCursor: null,
    undecided: selection.undecided.map(({ repository, reason }) => ({ name: repository.name, reason })),
    hidden,
    unmatched: filter === undefined ? [] : explainUnmatched(filter, fleet, fleet.repositories),
    file: fleet.file,
    root: fleet.root,
    total,
  };
  return { fleet, repositories: selection.repositories, facts };
}
