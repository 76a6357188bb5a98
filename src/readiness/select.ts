import { MahavishnuError } from "../lib/errors.ts";
import { nearest } from "../lib/suggest.ts";
import { matchGlob } from "../selectors/match-glob.ts";
import type { Definition } from "./definition.ts";
import { categories, groupTitles } from "./headings.ts";

/** Words besides ids that pick checks. */
const tags: Readonly<Record<string, (definition: Definition) => boolean>> = {
  mustPass: (definition) => definition.kind === "test" && definition.mustPass === true,
  static: (definition) => definition.kind !== "benchmark" && definition.static !== undefined,
  live: (definition) => definition.kind === "benchmark" || definition.live !== undefined,
};

/** Whether a pattern picks a check: by its id (a glob, any case), heading, group or tag. */
function picks(pattern: string, definition: Definition): boolean {
  if (matchGlob(pattern.toUpperCase(), definition.id)) return true;
  if (pattern === definition.category || pattern === definition.group) return true;
  if (pattern === "security") return definition.security === true;
  return Object.hasOwn(tags, pattern) && tags[pattern]?.(definition) === true;
}

/** Which checks patterns pick. */
export interface SelectOptions {
  /** `--only` or `--skip`, for messages. */
  readonly flag: string;
  /** Each may hold several, separated by commas. */
  readonly patterns: readonly string[];
  /** What the command asks. */
  readonly from: readonly Definition[];
  /** What the whole catalogue knows: tells an unknown word from one of another command. */
  readonly catalogue: readonly Definition[];
  readonly command: string;
  /** A pattern of another command is no error: it picks nothing. */
  readonly allowEmpty?: boolean;
}

/**
 * The ids that the patterns pick.
 *
 * @throws MahavishnuError USAGE when a pattern picks nothing.
 */
export function selectIds(options: SelectOptions): ReadonlySet<string> {
  const picked = new Set<string>();
  for (const pattern of splitPatterns(options.patterns)) {
    const known = options.catalogue.filter((definition) => picks(pattern, definition));
    if (known.length === 0) throw unknownPattern(options, pattern);
    const here = options.from.filter((definition) => picks(pattern, definition));
    if (here.length === 0 && options.allowEmpty !== true) {
      throw new MahavishnuError("USAGE", `${options.flag} ${pattern} picks nothing that ${options.command} asks`, {
        fix: `See \`mahavishnu production ${options.command} --list\`, or give --allow-empty.`,
      });
    }
    for (const definition of here) picked.add(definition.id);
  }
  return picked;
}

/** The single patterns of a flag that was given once or more. */
export function splitPatterns(patterns: readonly string[]): readonly string[] {
  return patterns
    .flatMap((pattern) => pattern.split(","))
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "");
}

function unknownPattern(options: SelectOptions, pattern: string): MahavishnuError {
  const words = [
    ...options.catalogue.map((definition) => definition.id),
    ...categories,
    ...Object.keys(groupTitles),
    ...Object.keys(tags),
  ];
  const near = nearest(pattern, words);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  return new MahavishnuError("USAGE", `${options.flag}: no check has the id, heading, group or tag "${pattern}"`, {
    fix: `See \`mahavishnu production run-all-tests --list\`.${hint}`,
  });
}
