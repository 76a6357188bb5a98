import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { UserFileError } from "../lib/errors.ts";
import { diagnose, parseYamlFile } from "../lib/yaml-file.ts";
import { expandHome } from "../lib/home-folder.ts";
import { type ManifestFile, readManifests, showPath } from "./import-manifests.ts";
import { checkReferences, collectDeclarations, textsOf } from "./link-fleet.ts";
import type { ManifestSources } from "./manifest-sources.ts";
import type { Manifest } from "./schema.ts";
import type { Fleet, Repository, Role } from "./types.ts";

/** What `loadManifest` is told. */
export interface LoadOptions {
  /** Path of the manifest. */
  readonly file: string;
  /** Absolute folders that repositories must lie under. Default: the manifest's root. */
  readonly allowedRoots?: readonly string[];
  /** The home folder, for `~/`; the user's when left out. */
  readonly home?: string;
  /** Folder from which files are named in messages; the manifest's own when left out. */
  readonly base?: string;
  /** Told of everything that is read. */
  readonly sources?: ManifestSources;
}

/**
 * Reads a manifest with its imports and makes the fleet. Nothing is read of the repositories themselves: whether they
 * exist and lie inside the allowed roots is `checkRepositories`' and `selectRepositories`' question.
 *
 * @throws UserFileError with every wrong place of all files; MahavishnuError `USER_FILE_INVALID` without a file to read.
 * @example
 * const fleet = await loadManifest({ file: "/srv/acme/repos.yaml" });
 * fleet.byName.get("gateway")?.needs;
 */
export async function loadManifest(options: LoadOptions): Promise<Fleet> {
  const { file, allowedRoots, home = homedir(), base, sources } = options;
  const path = resolve(file);
  const shownFrom = base ?? dirname(path);
  const files = await readManifests({ file: path, home, base: shownFrom, sources });
  const { declared, problems } = collectDeclarations(files);
  problems.push(...checkReferences(files, declared));
  if (problems.length > 0) throw new UserFileError(problems);
  const root = files[0]?.root ?? dirname(path);
  const repositories = files.flatMap((from) => repositoriesOf(from, home)).map((entry, index) => ({ ...entry, index }));
  return {
    file: showPath(path, shownFrom),
    root,
    repositories,
    byName: new Map(repositories.map((repository) => [repository.name, repository])),
    roles: new Map([...declared.roles].map(([name, { manifest }]) => [name, makeRole(name, manifest.roles?.[name])])),
    selectors: textsOf(declared.selectors),
    allowedRoots: allowedRoots ?? [root],
    diagnosePath: locatePaths(declared.repos),
  };
}

/** Keeps the texts and not what was parsed of them: few fleets are ever asked. */
function locatePaths(owners: ReadonlyMap<string, ManifestFile>): NonNullable<Fleet["diagnosePath"]> {
  const texts = new Map([...owners].map(([name, { yaml }]) => [name, { file: yaml.file, text: yaml.text }] as const));
  return ({ name }, message) => {
    const source = texts.get(name);
    if (source === undefined) throw new Error(`no manifest declares ${name}`);
    return diagnose(parseYamlFile(source.file, source.text), ["repos", name, "path"], "value", message);
  };
}

function repositoriesOf({ yaml, manifest, root, lines }: ManifestFile, home: string): Omit<Repository, "index">[] {
  return [...lines].map(([name, line]) => {
    const entry = manifest.repos?.[name];
    const { url, path = name, branch, role, tags = [], needs = [], optional = false, env = {} } = entry ?? {};
    return {
      name,
      path: resolve(root, expandHome(path, home)),
      ...(url === undefined ? {} : { url }),
      ...(branch === undefined ? {} : { branch }),
      ...(role === undefined ? {} : { role }),
      tags: [...new Set(tags)],
      needs: [...new Set(needs)],
      optional,
      env,
      place: { file: yaml.file, line },
    };
  });
}

function makeRole(name: string, entry: NonNullable<Manifest["roles"]>[string] | undefined): Role {
  const { description, limits } = entry ?? {};
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(limits?.timeout === undefined ? {} : { timeoutMs: limits.timeout }),
  };
}
