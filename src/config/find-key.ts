import { didYouMean, nearest } from "../lib/suggest.ts";
import { type ConfigKey, variableOf } from "./config-keys.ts";
import { notBuiltConfig } from "./not-built.ts";

/** A key and the path that was meant: the same, but for a name that the user chose. */
export interface FoundKey {
  readonly key: ConfigKey;
  readonly path: readonly string[];
}

/** What is wrong with a name that no key has. */
export interface UnknownName {
  readonly kind: "unknownKey" | "notBuilt" | "value";
  readonly message: string;
  readonly hint: string;
}

/** The key that an environment variable sets. */
export function findKeyByVariable(variable: string, keys: readonly ConfigKey[]): FoundKey | undefined {
  for (const key of keys) {
    if (key.variable === null) continue;
    if (key.variable === variable) return { key, path: key.path };
    // A chosen name stays as it is written: `MAHAVISHNU_SECRETS__npmToken` sets `secrets.npmToken`.
    const name = chosenName(key.variable, variable);
    if (name !== undefined) return { key, path: key.path.map((part) => (part === "*" ? name : part)) };
  }
  return undefined;
}

/** The key at a path with dots. `version` belongs to each file and is not found. */
export function findKeyByPath(dotted: string, keys: readonly ConfigKey[]): FoundKey | undefined {
  const path = dotted.split(".");
  const key = keys.find(
    (candidate) =>
      candidate.variable !== null &&
      candidate.path.length === path.length &&
      candidate.path.every((part, index) => part === path[index] || (part === "*" && path[index] !== "")),
  );
  return key === undefined ? undefined : { key, path };
}

/** Why a variable is refused: not built yet, a map, or unknown with the nearest one. */
export function explainUnknownVariable(variable: string, keys: readonly ConfigKey[]): UnknownName {
  const planned = plannedHint(variable, (name) => variableOf(name.split(".")), "__");
  if (planned !== undefined) return { kind: "notBuilt", message: `${variable} is not built yet`, hint: planned };
  const variables = keys.map((key) => key.variable).filter((name) => name !== null);
  const inside = variables.find((name) => name.startsWith(`${variable}__`));
  if (inside !== undefined)
    return { kind: "value", message: `${variable} names a map`, hint: `set one of its keys, such as ${inside}` };
  if (variable === "MAHAVISHNU_VERSION") {
    return { kind: "value", message: "the version belongs to each file", hint: "unset this variable" };
  }
  const near = nearest(variable, variables);
  const rule = "names are the path of a key, such as MAHAVISHNU_LIMITS__TIMEOUT for limits.timeout";
  return {
    kind: "unknownKey",
    message: `unknown variable ${variable}`,
    hint: near === undefined ? rule : `did you mean ${near}?`,
  };
}

/** Why a path is refused: not built yet, a map, or unknown with the nearest one. */
export function explainUnknownPath(dotted: string, keys: readonly ConfigKey[]): UnknownName {
  const planned = plannedHint(dotted, (name) => name, ".");
  if (planned !== undefined) return { kind: "notBuilt", message: `"${dotted}" is not built yet`, hint: planned };
  const names = keys.filter((key) => key.variable !== null).map((key) => key.name);
  const inside = names.find((name) => name.startsWith(`${dotted}.`));
  if (inside !== undefined)
    return { kind: "value", message: `"${dotted}" is a map`, hint: `set one of its keys, such as ${inside}` };
  if (dotted === "version")
    return { kind: "value", message: "the version belongs to each file", hint: "leave this out" };
  const known = nearest(dotted, names) === undefined ? topKeys(names) : names;
  return { kind: "unknownKey", message: `unknown key "${dotted}"`, hint: didYouMean(dotted, known) };
}

function topKeys(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.split(".")[0] ?? name))];
}

function chosenName(pattern: string, variable: string): string | undefined {
  const [start = "", end] = pattern.split("*");
  if (end === undefined || !variable.startsWith(start) || !variable.endsWith(end)) return undefined;
  const name = variable.slice(start.length, variable.length - end.length);
  // `__` stands between the parts of a path, so a name in the middle of one has none.
  return name === "" || (end !== "" && name.includes("__")) ? undefined : name;
}

function plannedHint(given: string, nameOf: (dotted: string) => string, separator: string): string | undefined {
  for (const [dotted, sentence] of Object.entries(notBuiltConfig)) {
    if (dotted.includes("=")) continue;
    const name = nameOf(dotted);
    if (given === name || given.startsWith(`${name}${separator}`)) return sentence;
  }
  return undefined;
}
