import { Option } from "commander";
import type { KeyValue } from "./global-options.ts";
import { collectKeyValue, parseCount, parseNonEmpty, refuseTwice } from "./option-parsers.ts";

/** `-s, --select SELECTOR`, the same on every command that picks repositories. */
export function selectOption(meaning: string = "repositories to work on; all when left out"): Option {
  return new Option("-s, --select <SELECTOR>", meaning).argParser(parseNonEmpty);
}

/** `-i, --input KEY=VALUE`, repeatable. */
export function inputOption(): Option {
  return new Option("-i, --input <KEY=VALUE>", "an input of the workflow; repeatable").argParser(
    (value: string, previous: readonly KeyValue[] | undefined) => {
      const given = collectKeyValue(value, previous);
      refuseTwice("-i", given);
      return given;
    },
  );
}

/** `--max-parallel N`. */
export function maxParallelOption(meaning: string): Option {
  return new Option("--max-parallel <N>", meaning).argParser(parseCount);
}

/** An option that may come several times and collects its values as they are. */
export function listOption(flags: string, meaning: string): Option {
  return new Option(flags, `${meaning}; repeatable`).argParser(
    (value: string, previous: readonly string[] | undefined) => [...(previous ?? []), parseNonEmpty(value)],
  );
}

/** What `-s` means, shown at the end of the help of commands that have it. */
export const selectorHelp: string = [
  "Selectors:",
  "  name:glob path:glob role:x tag:x needs:x dependents:x has:FILE changed:REF",
  "  last:failed dirty ahead behind @selector, with && || ! ( )",
  "  tag:a matches a and a/b",
].join("\n");

/** What `--filter` means, shown at the end of the help of commands that have it. */
export const filterHelp: string = [
  "Filters:",
  "  state:x workflow:glob actor:glob repo:glob job:glob id:BEGINNING reason:TEXT",
  "  created:>2026-11-01 since:2h until:2026-11-01, with && || ! ( )",
].join("\n");

/** `--detach`. */
export function detachOption(): Option {
  return new Option("--detach", "only record the run; `mahavishnu serve` on the same workspace executes it");
}
