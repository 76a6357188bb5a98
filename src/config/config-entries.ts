import { Secret } from "../lib/secret.ts";
import { type ConfigKey, expandPath, isSecretKey } from "./config-keys.ts";
import type { Layer } from "./layer.ts";
import type { Origin } from "./origin.ts";
import { isTree, valueIn } from "./raw-tree.ts";
import { parseSecretSource } from "./secret-source.ts";

/** One value of the merged configuration, as one would write it. */
export interface ConfigEntry {
  /** The path with dots. */
  readonly path: string;
  readonly isSecret: boolean;
  /** The text, number, flag or list; a `Secret` where a secret stands in plain text. */
  readonly value: unknown;
  readonly origin: Origin;
  /** Where lower layers set the same key, highest first. Defaults do not count. */
  readonly hidden: readonly Origin[];
}

/** Every value that a layer or a default gives, in the order of the schema. */
export function listEntries(layers: readonly Layer[], keys: readonly ConfigKey[]): ConfigEntry[] {
  const namesAt = (parent: readonly string[]): string[] => {
    const maps = layers.map((layer) => valueIn(layer.tree, parent)).filter(isTree);
    return [...new Set(maps.flatMap((map) => Object.keys(map)))];
  };
  return keys.flatMap((key) => expandPath(key.path, namesAt).flatMap((path) => readEntry(path, key, layers)));
}

function readEntry(path: readonly string[], key: ConfigKey, layers: readonly Layer[]): ConfigEntry[] {
  const [top, ...below] = layers.filter((layer) => valueIn(layer.tree, path) !== undefined).toReversed();
  const { inside } = key;
  // The map's own path, with the names that the user chose.
  const map = inside === null ? null : path.slice(0, inside.length);
  const counts = map === null || layers.some((layer) => valueIn(layer.tree, map) !== undefined);
  const written = top === undefined ? (counts ? key.shape.fallback : undefined) : valueIn(top.tree, path);
  if (written === undefined) return [];
  const isSecret = isSecretKey(key);
  return [
    {
      path: path.join("."),
      isSecret,
      value: isSecret && typeof written === "string" ? hideSecret(written) : written,
      origin: top?.originOf(path) ?? { layer: "default" },
      hidden: below.map((layer) => layer.originOf(path)),
    },
  ];
}

/** A reference may be shown; everything else is a secret. */
function hideSecret(text: string): string | Secret {
  const source = parseSecretSource(text);
  return "reference" in source ? source.reference : new Secret(text);
}
