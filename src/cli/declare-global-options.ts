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
    .addOption(new Option("--url <URL>").hideHelp());
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
  refuseRemote(raw.url, place.env);
  const set = levels.flatMap((level) => level.set ?? []);
  refuseTwice("--set", set);
  refuseContradictions(raw);
  const { cwd } = place;
  const global: GlobalOptions = {
    ...chooseOutput(
      levels.flatMap((level) => level.output ?? []),
      output,
    ),
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

/** Acting on this machine while a server was named would be worse than an error. */
function refuseRemote(url: string | undefined, env: Readonly<Record<string, string | undefined>>): void {
  const fromEnvironment = env["MAHAVISHNU_URL"] ?? "";
  if (url === undefined && fromEnvironment === "") return;
  const name = url === undefined ? "MAHAVISHNU_URL" : "--url";
  throw new MahavishnuError("NOT_BUILT", `${name} names a server, and servers are not built yet`, {
    fix:
      url === undefined
        ? "Unset MAHAVISHNU_URL to work in a workspace of this machine."
        : "Use -C DIR for a workspace of this machine.",
  });
}
