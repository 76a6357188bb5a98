import { extname, isAbsolute, join, relative, resolve } from "node:path";
import type { Diagnostic } from "../lib/diagnostics.ts";
import { MahavishnuError, UserFileError } from "../lib/errors.ts";
import { Secret } from "../lib/secret.ts";
import { checkAccess } from "./check-access.ts";
import { checkProxies } from "./check-proxies.ts";
import { checkTelemetry } from "./check-telemetry.ts";
import { checkWebhooks } from "./check-webhooks.ts";
import { type ConfigEntry, listEntries } from "./config-entries.ts";
import { type ConfigKey, listConfigKeys } from "./config-keys.ts";
import { configShape } from "./generated/config-shape.ts";
import { readEnvironmentLayer } from "./environment-layer.ts";
import { readFileLayer } from "./file-layer.ts";
import { configFileName } from "./find-workspace.ts";
import type { ConfigProblem, Layer } from "./layer.ts";
import type { Origin } from "./origin.ts";
import { isTree, mergeTrees, type RawTree, valueIn } from "./raw-tree.ts";
import { readUserFile } from "./read-user-file.ts";
import { readShape, wrong } from "./read-shape.ts";
import type { Config } from "./schema.ts";
import type { SelectorContext } from "../selectors/compile-selector.ts";
import { collectNamedVariables } from "./secret-source.ts";
import { readSetLayer } from "./set-layer.ts";
import { resolveWorkspacePaths, type WorkspacePaths } from "./workspace-paths.ts";

/** What a configuration is made of. */
export interface ConfigRequest {
  /** The folder of the workspace, absolute. */
  readonly workspace: string;
  /** The configuration file; `mahavishnu.yaml` in the workspace when left out. */
  readonly configFile?: string;
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The values of `--set KEY=VALUE`. */
  readonly set: readonly string[];
}

/** A checked configuration that knows where each value came from. Holds no readable secret, so it may be printed. */
export interface LoadedConfig {
  /** The folder of the workspace, absolute. */
  readonly workspace: string;
  /** The configuration files that were read, absolute, lowest layer first. */
  readonly files: readonly string[];
  /** The first of them, as it is named in messages. */
  readonly shownFile: string;
  /** Milliseconds, bytes and secret sources; see `resolveSecrets` for the secrets. */
  readonly config: Config;
  readonly paths: WorkspacePaths;
  /** Every value by its path, with its origin and what it hides in lower layers. */
  readonly entries: readonly ConfigEntry[];
  /** The origin of each value, by its path with dots. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Secrets that stand in plain text in a file or on the command line. */
  readonly plainTextSecrets: readonly { readonly path: string; readonly origin: Origin }[];
  /** Environment variables that secret references of any layer name. Steps must not inherit them. */
  readonly secretVariables: readonly string[];
  /** SHA-256 of the merged configuration, references unresolved and plain-text secrets left out, in hex. */
  readonly digest: string;
  /** A diagnostic at a value, where the layer that decides it has written it. */
  diagnose(path: readonly string[], message: string, hint: string): Diagnostic;
  /**
   * What is wrong with the scopes of `access.bindings`, now that the names are known which they may use; each problem with
   * its place.
   */
  diagnoseScopes(context: SelectorContext): Diagnostic[];
}

/** Everything that is wrong with a configuration, each problem with its kind for those who judge it. */
export class ConfigError extends UserFileError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], code: "CONFIG_INVALID" | "USAGE") {
    const details = code === "USAGE" ? { fix: "Mend the values of --set." } : {};
    super(
      problems.map(({ diagnostic }) => diagnostic),
      code,
      details,
    );
    this.problems = problems;
  }
}

const maxFileBytes = 1024 * 1024;

/** A configuration, or everything that is wrong with it. */
export type ConfigResult =
  | { readonly loaded: LoadedConfig }
  | { readonly loaded?: undefined; readonly problems: readonly ConfigProblem[]; readonly error: ConfigError };

/**
 * Reads and merges the layers: defaults < `mahavishnu.yaml` < `mahavishnu.local.yaml` < environment < `--set`.
 * Secret references are not resolved; `resolveSecrets` does that.
 *
 * @throws ConfigError with every wrong place of every layer: CONFIG_INVALID, or USAGE when only `--set` is wrong.
 * @throws MahavishnuError CONFIG_UNREADABLE, or WORKSPACE_NOT_FOUND when there is no configuration file.
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const result = await tryLoadConfig(request);
  if (result.loaded !== undefined) return result.loaded;
  throw result.error;
}

/**
 * Like `loadConfig`, but hands back what is wrong, sorted by kind, for those who judge a configuration. Each layer is
 * checked on its own, so that a wrong value is found even where a higher layer hides it.
 *
 * @throws MahavishnuError CONFIG_UNREADABLE, or WORKSPACE_NOT_FOUND when there is no configuration file.
 */
export async function tryLoadConfig(request: ConfigRequest): Promise<ConfigResult> {
  const keys = listConfigKeys();
  const files = readFiles(request);
  const fileLayers = files.map(({ kind, shown, text }) => readFileLayer(kind, { shown, text }, keys));
  const setLayer = readSetLayer(request.set, keys);
  const named = collectNamedVariables([...fileLayers, setLayer].map((layer) => layer.tree));
  const environmentLayer = readEnvironmentLayer(request.env, named, keys);

  const lower: ConfigProblem[] = [];
  for (const layer of [...fileLayers, environmentLayer]) lower.push(...(await checkLayer(layer)));
  const flags = await checkLayer(setLayer);
  if (lower.length + flags.length > 0) {
    const problems = [...lower, ...flags];
    return { problems, error: new ConfigError(problems, lower.length > 0 ? "CONFIG_INVALID" : "USAGE") };
  }
  const layers = [...fileLayers, environmentLayer, setLayer];
  const whole = readWhole(layers);
  const explanations = [checkAccess, checkProxies, checkWebhooks, checkTelemetry].flatMap((check) => check(whole));
  const problems = explanations.map((explanation): ConfigProblem => {
    const owner = ownerOf(layers, explanation.owner);
    if (owner === undefined) throw new Error(`nobody has written ${explanation.owner.join(".")}`);
    return { kind: explanation.kind, diagnostic: owner.place(explanation) };
  });
  if (problems.length > 0) return { problems, error: new ConfigError(problems, "CONFIG_INVALID") };
  const secretVariables = [...named.union(collectNamedVariables([environmentLayer.tree]))].toSorted();
  return { loaded: describe(request, files, layers, { config: whole, keys, secretVariables }) };
}

function readWhole(layers: readonly Layer[]): Config {
  const merged = layers.reduce<RawTree>((tree, layer) => mergeTrees(tree, layer.tree), {});
  // Layers that are sound on their own merge into a sound whole: a key has the same type in each of them.
  const read = readShape(configShape, merged);
  if (read === wrong) throw new MahavishnuError("INTERNAL", "sound layers of configuration did not merge into a whole");
  return read as Config;
}

function ownerOf(layers: readonly Layer[], path: readonly string[]): Layer | undefined {
  return layers.findLast(({ tree }) => valueIn(tree, path) !== undefined);
}

function describe(
  { workspace }: ConfigRequest,
  files: readonly ReadFile[],
  layers: readonly Layer[],
  {
    config,
    keys,
    secretVariables,
  }: {
    readonly config: Config;
    readonly keys: readonly ConfigKey[];
    readonly secretVariables: readonly string[];
  },
): LoadedConfig {
  const entries = listEntries(layers, keys);
  const plain = entries.filter(({ value, origin }) => value instanceof Secret && origin.layer !== "environment");
  return {
    workspace,
    files: files.map(({ path }) => path),
    shownFile: files[0]?.shown ?? configFileName,
    config,
    paths: resolveWorkspacePaths(workspace, config),
    entries,
    origins: new Map(entries.map(({ path, origin }) => [path, origin])),
    plainTextSecrets: plain.map(({ path, origin }) => ({ path, origin })),
    secretVariables,
    get digest() {
      return digestOf(config);
    },
    diagnose: (path, message, hint) => {
      const owner = ownerOf(layers, path);
      if (owner === undefined) throw new Error(`nobody has written ${path.join(".")}`);
      return owner.place({ kind: "value", path, at: "value", message, hint });
    },
    diagnoseScopes: (context) => {
      const owner = ownerOf(layers, ["access", "bindings"]);
      return config.access.bindings.flatMap(({ where }, index) =>
        where === undefined ? [] : (owner?.diagnoseSelector(["access", "bindings", index, "where"], context) ?? []),
      );
    },
  };
}

interface ReadFile {
  readonly kind: "file" | "local";
  readonly path: string;
  readonly shown: string;
  readonly text: string;
}

function readFiles({ workspace, configFile = configFileName }: ConfigRequest): ReadFile[] {
  const main = resolve(workspace, configFile);
  const files = [readLayerFile("file", workspace, main), readLayerFile("local", workspace, localFileOf(main))];
  return files.filter((file) => file !== undefined);
}

/** The file that lies over a configuration file, for this machine alone: `mahavishnu.local.yaml`. */
export function localFileOf(main: string): string {
  const extension = extname(main);
  return `${main.slice(0, main.length - extension.length)}.local${extension}`;
}

function readLayerFile(kind: "file" | "local", workspace: string, path: string): ReadFile | undefined {
  const inside = relative(workspace, path);
  const shown = inside.startsWith("..") || isAbsolute(inside) ? path : inside;
  const file = readUserFile(path, maxFileBytes);
  if (file.text !== undefined) return { kind, path, shown, text: file.text };
  if (!file.missing) throw new MahavishnuError("CONFIG_UNREADABLE", `${shown} cannot be read: ${file.reason}`);
  if (kind === "local") return undefined;
  throw new MahavishnuError("WORKSPACE_NOT_FOUND", `${join(workspace, shown)}: there is no such file`);
}

async function checkLayer(layer: Layer): Promise<ConfigProblem[]> {
  const { checked, problems } = layer;
  if (checked === undefined || readShape(configShape, checked) !== wrong) return [...problems];
  const { explainConfig } = await import("./explain-config.ts");
  const placed = explainConfig(checked).map((explanation) => ({
    kind: explanation.kind,
    diagnostic: layer.place(explanation),
  }));
  return [...problems, ...placed.toSorted(({ diagnostic: a }, { diagnostic: b }) => compareWithinFile(a, b))];
}

/** In a file, from top to bottom. Variables and flags are each a line of their own and keep their order. */
function compareWithinFile(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || (a.sourceLine === b.sourceLine ? a.column - b.column : 0);
}

/** The same configuration has the same digest, whatever the order of its keys and the units of its durations. */
function digestOf(config: Config): string {
  const canonical = JSON.stringify(config, (_, value: unknown) =>
    isTree(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  // Loaded here because most commands never ask for the digest, and it takes longer than reading the configuration.
  const { hash } = process.getBuiltinModule("node:crypto");
  return hash("sha256", canonical);
}
