import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { MahavishnuError } from "../lib/errors.ts";
import type { ColourMode, GlobalOptions, KeyValue } from "./global-options.ts";
import { globalOptionsHeading } from "./help-layout.ts";
import { collectKeyValue, parseNonEmpty, refuseTwice } from "./option-parsers.ts";
import { chooseOutput, type OutputRules } from "./output-request.ts";

/** The flags as the parser leaves them on one level of the command line. */
interface RawGlobalOptions {
  readonly workspace?: string;
  readonly config?: string;
  readonly set?: readonly KeyValue[];
  readonly output?: readonly string[];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: ColourMode;
  readonly url?: string;
}

/** Adds the flags that every command takes. Every level has them, so that they work before and after a command's name. */
export function addGlobalOptions(command: Command, output?: OutputRules): void {
  command.optionsGroup(globalOptionsHeading);
  const formats = output === undefined ? "text, json" : output.formats.join(", ");
  const format = output?.files === true ? "FORMAT[=FILE]" : "FORMAT";
  const outputOption = new Option(
    `-o, --output <${format}>`,
    output?.files === true ? `${formats}; with =FILE into a file; repeatable` : formats,
  );
  command
    .addOption(
      new Option("-C, --workspace <DIR>", "start in this folder to look for the workspace").argParser(parseNonEmpty),
    )
    .addOption(
      new Option("--config <FILE>", "use this configuration file, not the workspace's own").argParser(parseNonEmpty),
    )
    .addOption(
      new Option("--set <KEY=VALUE>", "override a value of the configuration; repeatable").argParser(collectKeyValue),
    )
    .addOption(
      outputOption.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value]),
    )
    .option("-q, --quiet", "print results and errors only")
    .option("-v, --verbose", "print more, and stacks of errors")
    .addOption(new Option("--color <MODE>", "when to use colour").choices(["auto", "always", "never"]))
    .addOption(
      new Option("--url <URL>", "ask the server at this address; its token is in MAHAVISHNU_TOKEN").argParser(
        parseNonEmpty,
      ),
    );
}

/**
 * Collects the flags of a command and of the levels above it. Where a flag takes one value, the nearest to the command wins.
 *
 * @throws MahavishnuError USAGE or NOT_BUILT.
 */
export function readGlobalOptions(
  command: Command,
  output: OutputRules,
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): { readonly global: GlobalOptions; readonly colour: ColourMode } {
  const levels: RawGlobalOptions[] = [];
  for (let level: Command | null = command; level !== null; level = level.parent)
    levels.unshift(level.opts<RawGlobalOptions>());
  const raw: RawGlobalOptions = Object.assign({}, ...levels) as RawGlobalOptions;
  const url = chooseServer(raw, place.env);
  const set = levels.flatMap((level) => level.set ?? []);
  refuseTwice("--set", set);
  refuseContradictions(raw);
  const { cwd } = place;
  const global: GlobalOptions = {
    ...chooseOutput(
      levels.flatMap((level) => level.output ?? []),
      output,
    ),
    ...(url === undefined ? {} : { url }),
    ...(raw.workspace === undefined ? {} : { workspace: resolve(cwd, raw.workspace) }),
    ...(raw.config === undefined ? {} : { config: resolve(cwd, raw.config) }),
    set,
    quiet: raw.quiet ?? false,
    verbose: raw.verbose ?? false,
  };
  return { global, colour: raw.color ?? "auto" };
}

/** What cannot both be meant is asked back, and not decided by the order. */
function refuseContradictions({ quiet, verbose }: RawGlobalOptions): void {
  if (quiet === true && verbose === true)
    throw new MahavishnuError("USAGE", "-q and -v contradict each other", { fix: "Give one of them." });
}

/** The server that is meant. A flag that names a workspace of this machine goes before the variable, and contradicts the flag. */
function chooseServer(raw: RawGlobalOptions, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const places = [
    ...(raw.workspace === undefined ? [] : ["-C"]),
    ...(raw.config === undefined ? [] : ["--config"]),
    ...(raw.set === undefined || raw.set.length === 0 ? [] : ["--set"]),
  ];
  const [place] = places;
  if (raw.url === undefined) {
    const url = env["MAHAVISHNU_URL"] ?? "";
    return url === "" || place !== undefined ? undefined : url;
  }
  if (place === undefined) return raw.url;
  throw new MahavishnuError("USAGE", `--url and ${place} contradict each other`, {
    fix: "Give --url for a server, or -C, --config and --set for a workspace of this machine.",
  });
}

/** What is said when a server is named for what no server does. */
export function localOnly(): MahavishnuError {
  return new MahavishnuError("USAGE", "this command works in a workspace of this machine only", {
    fix: "Leave out --url (or unset MAHAVISHNU_URL), and run it where the workspace is.",
  });
}
