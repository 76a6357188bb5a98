import type { PlanRequest } from "../plan-suite.ts";
import type { Profile } from "../types.ts";

/** What is asked of a suite, as a document: what the flags of `mahavishnu production` say. */
export interface SuiteRequest extends Omit<PlanRequest, "profile" | "readOnlyBecause"> {
  /** The configuration's profile when left out; production when that cannot be read. */
  readonly profile?: Profile;
  readonly strict?: boolean;
  readonly exitZero?: boolean;
  /** `--no-waivers`. */
  readonly ignoreWaivers?: boolean;
  readonly failFast?: boolean;
  readonly thorough?: boolean;
  /** Milliseconds for the whole suite. */
  readonly deadlineMs?: number;
  /** Milliseconds to wait for another suite; false: do not wait; as long as it takes when left out. */
  readonly wait?: number | false;
  /** Seed of the order of the tests; the catalogue's order when left out. */
  readonly shuffleSeed?: number;
}

/** Whether anything is done beside reading. */
export function isActingRequest({ command, all, readOnly }: SuiteRequest): boolean {
  return (command !== "check-config" || all === true) && readOnly !== true;
}

/**
 * The words after `mahavishnu` that ask for the same on a command line. Values are joined to their flags, so that none is taken for a
 * flag of its own.
 *
 * @example
 * suiteWords({ command: "check-config", only: ["SEC*"] }); // ["production", "check-config", "--only=SEC*"]
 */
export function suiteWords(request: SuiteRequest): string[] {
  const { command, profile, only = [], skip = [], deadlineMs, wait, shuffleSeed } = request;
  const switches = [
    ["--all", request.all],
    ["--read-only", request.readOnly],
    ["--strict", request.strict],
    ["--exit-zero", request.exitZero],
    ["--allow-empty", request.allowEmpty],
    ["--no-waivers", request.ignoreWaivers],
    ["--fail-fast", request.failFast],
    ["--thorough", request.thorough],
  ] as const;
  return [
    "production",
    command,
    ...(profile === undefined ? [] : [`--profile=${profile}`]),
    ...only.map((glob) => `--only=${glob}`),
    ...skip.map((glob) => `--skip=${glob}`),
    ...switches.flatMap(([flag, isOn]) => (isOn === true ? [flag] : [])),
    ...(deadlineMs === undefined ? [] : [`--deadline=${deadlineMs}ms`]),
    ...(wait === undefined ? [] : [wait === false || wait === 0 ? "--no-wait" : `--wait=${wait}ms`]),
    ...(shuffleSeed === undefined ? [] : ["--shuffle", `--seed=${shuffleSeed}`]),
  ];
}
