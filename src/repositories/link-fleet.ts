import type { Diagnostic } from "../lib/diagnostics.ts";
import { UserFileError } from "../lib/errors.ts";
import { orderByNeeds } from "../lib/graph.ts";
import { didYouMean } from "../lib/suggest.ts";
import { diagnose, rangeOf } from "../lib/yaml-file.ts";
import { compileSelector, leavesOf } from "../selectors/compile-selector.ts";
import { diagnoseYamlSelector } from "../selectors/diagnose-yaml-selector.ts";
import { tryParseSelector } from "../selectors/parse-selector.ts";
import type { ManifestFile } from "./import-manifests.ts";

/** Names that a fleet declares, each with the file that does. */
export interface Declarations {
  readonly roles: ReadonlyMap<string, ManifestFile>;
  readonly repos: ReadonlyMap<string, ManifestFile>;
  readonly selectors: ReadonlyMap<string, ManifestFile>;
}

const kinds = { roles: "role", repos: "repository", selectors: "selector" } as const;

/** Collects the names of all files; a name that stands in two files is told with both places. */
export function collectDeclarations(files: readonly ManifestFile[]): {
  declared: Declarations;
  problems: Diagnostic[];
} {
  const problems: Diagnostic[] = [];
  const collect = (section: keyof typeof kinds): ReadonlyMap<string, ManifestFile> => {
    const owners = new Map<string, ManifestFile>();
    for (const file of files) {
      for (const name of Object.keys(file.manifest[section] ?? {})) {
        const first = owners.get(name);
        if (first === undefined) owners.set(name, file);
        else {
          const message = `${kinds[section]} "${name}" is already declared in ${placeOf(first, [section, name])}`;
          problems.push(
            diagnose(file.yaml, [section, name], "key", message, "names are unique over all files of a fleet"),
          );
        }
      }
    }
    return owners;
  };
  const declared = { roles: collect("roles"), repos: collect("repos"), selectors: collect("selectors") };
  problems.push(...findCaseTwins(declared.repos));
  return { declared, problems };
}

/** Names that differ only in case would share one folder on many disks. */
function findCaseTwins(repos: ReadonlyMap<string, ManifestFile>): Diagnostic[] {
  const seen = new Map<string, string>();
  return [...repos].flatMap(([name, file]) => {
    const twin = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (twin === undefined) return [];
    const message = `repository "${name}" differs from "${twin}" only in upper and lower case`;
    return [diagnose(file.yaml, ["repos", name], "key", message, "choose another name")];
  });
}

/** Checks what names refer to: roles and needs of repositories, circles of needs, named selectors. */
export function checkReferences(files: readonly ManifestFile[], declared: Declarations): Diagnostic[] {
  const roles = [...declared.roles.keys()];
  const repositories = [...declared.repos.keys()];
  const problems: Diagnostic[] = [];
  for (const { yaml, manifest } of files) {
    for (const [name, entry] of Object.entries(manifest.repos ?? {})) {
      const role = entry?.role;
      if (role !== undefined && !declared.roles.has(role)) {
        problems.push(
          diagnose(yaml, ["repos", name, "role"], "value", `unknown role "${role}"`, adviseRole(role, declared)),
        );
      }
      for (const [index, need] of (entry?.needs ?? []).entries()) {
        if (declared.repos.has(need)) continue;
        const hint = repositories.length > 12 ? adviseName(need, repositories) : didYouMean(need, repositories);
        problems.push(diagnose(yaml, ["repos", name, "needs", index], "value", `unknown repository "${need}"`, hint));
      }
    }
  }
  if (problems.length === 0) problems.push(...findCircleOfNeeds(declared));
  problems.push(...checkSelectors(declared, { roles, repositories }));
  return problems;
}

function adviseRole(role: string, { roles }: Declarations): string {
  const [first] = roles;
  if (first === undefined) return "no roles are declared; declare them under roles:";
  const [name, file] = first;
  return `${didYouMean(role, [...roles.keys()])}  Roles are declared under roles: (${placeOf(file, ["roles", name])}).`;
}

function adviseName(word: string, known: readonly string[]): string {
  const hint = didYouMean(word, known);
  return hint.startsWith("known: ") ? "`mahavishnu repos list` shows the names" : hint;
}

function findCircleOfNeeds({ repos }: Declarations): Diagnostic[] {
  const needsOf = (name: string): readonly string[] => repos.get(name)?.manifest.repos?.[name]?.needs ?? [];
  const result = orderByNeeds([...repos.keys()], needsOf);
  if (!("circle" in result)) return [];
  const [name = "", next = ""] = result.circle;
  const file = repos.get(name);
  if (file === undefined) return [];
  const path = ["repos", name, "needs", needsOf(name).indexOf(next)];
  return [
    diagnose(file.yaml, path, "value", `needs form a circle: ${result.circle.join(" -> ")}`, "take one of them out"),
  ];
}

function checkSelectors(
  { selectors }: Declarations,
  context: { readonly roles: readonly string[]; readonly repositories: readonly string[] },
): Diagnostic[] {
  // Each selector is checked by itself, as if the others were sound: one mistake is told once, where it stands.
  const named = new Map([...selectors.keys()].map((name) => [name, "name:*"] as const));
  const problems = [...selectors].flatMap(([name, { yaml }]) =>
    diagnoseYamlSelector(yaml, ["selectors", name], { ...context, named }),
  );
  if (problems.length > 0) return problems;
  const texts = textsOf(selectors);
  const namesIn = (name: string): string[] => {
    const parsed = tryParseSelector(texts.get(name) ?? "");
    return parsed.node === undefined
      ? []
      : leavesOf(parsed.node).flatMap((leaf) => (leaf.kind === "name" ? [leaf.name] : []));
  };
  const order = orderByNeeds([...selectors.keys()], namesIn);
  if ("circle" in order) {
    const [name = ""] = order.circle;
    const file = selectors.get(name);
    const circle = order.circle.map((part) => `@${part}`).join(" -> ");
    const message = `named selectors form a circle: ${circle}`;
    return file === undefined
      ? []
      : [diagnose(file.yaml, ["selectors", name], "value", message, "take one of them out")];
  }
  return [...selectors].flatMap(([name, { yaml }]) =>
    findDepthProblem(yaml.file, name, texts).map((message) => diagnose(yaml, ["selectors", name], "value", message)),
  );
}

/** All else is proved by now: only a chain of names that is too long is left. */
function findDepthProblem(file: string, name: string, named: ReadonlyMap<string, string>): string[] {
  try {
    compileSelector(named.get(name) ?? "", file, { named });
    return [];
  } catch (error) {
    if (error instanceof UserFileError) return error.diagnostics.map(({ message }) => message);
    throw error;
  }
}

/** Named selectors with their texts. */
export function textsOf(selectors: ReadonlyMap<string, ManifestFile>): Map<string, string> {
  return new Map([...selectors].map(([name, { manifest }]) => [name, manifest.selectors?.[name] ?? ""] as const));
}

/** `repos.yaml:14` of a declaration. */
function placeOf({ yaml }: ManifestFile, path: readonly string[]): string {
  const { start } = rangeOf(yaml, path, "key");
  return `${yaml.file}:${yaml.text.slice(0, start).split("\n").length}`;
}
