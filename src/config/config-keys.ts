import { configShape } from "./generated/config-shape.ts";
import type { Shape } from "./shape.ts";

/** One key of the configuration that holds a value; maps of keys are not listed themselves. */
export interface ConfigKey {
  /** From the root; `*` stands for a name that the user chooses. */
  readonly path: readonly string[];
  /** The path with dots: `limits.retry.attempts`. */
  readonly name: string;
  /** The environment variable that sets it; null for `version`, which belongs to each file. */
  readonly variable: string | null;
  readonly shape: Shape;
  /** The map, if any, that may be left out as a whole: its defaults count only when somebody writes it. */
  readonly inside: readonly string[] | null;
}

/** Every key of the configuration, in the order of the schema. */
export function listConfigKeys(): ConfigKey[] {
  return listKeys(configShape, []);
}

/** Every key of a shape: its leaves, and lists as a whole. */
function listKeys(shape: Shape, path: readonly string[], inside: readonly string[] | null = null): ConfigKey[] {
  if (shape.kind === "map") {
    const map = shape.optional === true ? path : inside;
    return Object.entries(shape.keys).flatMap(([key, child]) => listKeys(child, [...path, key], map));
  }
  // A name that the user chooses may be absent.
  // A record of maps is one value, as a list is: its parts make sense together. A secret is a value of its own wherever it stands.
  if (shape.kind === "record" && !path.includes("*") && (shape.value.kind !== "map" || holdsSecret(shape.value)))
    return listKeys({ ...shape.value, optional: true }, [...path, "*"], inside);
  const name = path.join(".");
  return [{ path, name, variable: name === "version" ? null : variableOf(path), shape, inside }];
}

function holdsSecret(shape: Shape): boolean {
  if (shape.kind === "map") return Object.values(shape.keys).some(holdsSecret);
  return shape.kind === "secret" || (shape.kind === "record" && holdsSecret(shape.value));
}

/** Whether a path is at, above or below a secret. */
export function isSecretPath(path: readonly string[], keys: readonly ConfigKey[]): boolean {
  return keys.some((key) => {
    const length = Math.min(path.length, key.path.length);
    return isSecretKey(key) && key.path.slice(0, length).every((part, index) => part === "*" || part === path[index]);
  });
}

/** Whether a key holds a secret. */
export function isSecretKey(key: ConfigKey): boolean {
  return key.shape.kind === "secret";
}

/**
 * The environment variable of a path: `__` between the parts, words in capitals; a name that the user chose stays.
 *
 * @example
 * variableOf(["limits", "maxConcurrentWorkflows"]); // "MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS"
 */
export function variableOf(path: readonly string[]): string {
  const parts = path.map((part) => part.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase());
  return `MAHAVISHNU_${parts.join("__")}`;
}

/** The paths that a key has in a configuration: itself, or one for each name under its `*`. */
export function expandPath(
  path: readonly string[],
  namesAt: (parent: readonly string[]) => readonly string[],
): string[][] {
  let paths: string[][] = [[]];
  for (const part of path) {
    paths = paths.flatMap((parent) =>
      part === "*" ? namesAt(parent).map((name) => [...parent, name]) : [[...parent, part]],
    );
  }
  return paths;
}
