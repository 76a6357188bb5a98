import { type Command, Option } from "commander";
import type { AuditFilterFlags, AuditListFlags, AuditVerifyFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { parseCount, parseMoment, parseNonEmpty } from "../option-parsers.ts";

/** Declares `audit list|verify|export`. */
export function declareAudit(program: Command, shell: Shell): void {
  declareGroup(
    program,
    shell,
    { name: "audit", summary: "look at who did what, and prove that it is whole" },
    (group) => {
      declareCommand<AuditListFlags>(group, shell, {
        name: "list",
        remote: true,
        summary: "list what was done and refused, the newest first",
        options: () => [
          ...filterOptions(),
          new Option("--limit <N>", "how many at most; 20 when left out").argParser(parseCount),
          new Option("--cursor <CURSOR>", "go on where the page before ended (its nextCursor)").argParser(
            parseNonEmpty,
          ),
        ],
        examples: [
          ["mahavishnu audit list --decision denied --since 24h", "what was refused since yesterday"],
          ["mahavishnu audit list --actor user:dana --resource run:", "what somebody did to runs"],
        ],
        output: { formats: ["text", "json", "ndjson"], files: false },
        run: async ({ options, io }) => (await import("./audit-run.ts")).runAuditList(options, io),
      });
      declareCommand<AuditVerifyFlags>(group, shell, {
        name: "verify",
        remote: true,
        summary: "find entries that were edited, removed or re-ordered",
        options: () => [
          new Option("--head <SEQ:HASH>", "the end of the trail as it was printed before").argParser(parseNonEmpty),
        ],
        examples: [
          ["mahavishnu audit verify", "follows the chain, and prints its head"],
          ["mahavishnu audit verify --head 12:9f86d0…", "also finds a trail that was rewritten or cut off as a whole"],
        ],
        exitCodes: { 0: "the trail is whole", 1: "it is not, and where" },
        notes:
          "Whoever can write the state file can compute every hash anew. Keep the head where that is\nnot possible, in a ticket or on another machine, and give it the next time.",
        run: async ({ options, io }) => (await import("./audit-run.ts")).runAuditVerify(options, io),
      });
      declareCommand<AuditFilterFlags>(group, shell, {
        name: "export",
        remote: true,
        summary: "write the trail as NDJSON or CSV, the oldest first",
        options: filterOptions,
        examples: [
          ["mahavishnu audit export > trail.ndjson", "everything, one entry a line"],
          [
            "mahavishnu audit export -o csv=trail.csv --since 2030-01-01",
            "for a spreadsheet: no text in it is a formula",
          ],
        ],
        notes: "The head of the trail goes to the standard error at the end; see `mahavishnu audit verify --help`.",
        output: { formats: ["ndjson", "csv"], files: true },
        run: async ({ options, io }) => (await import("./audit-export.ts")).runAuditExport(options, io),
      });
    },
  );
}

function filterOptions(): readonly Option[] {
  return [
    new Option("--actor <NAME>", "only of this actor: user:dana").argParser(parseNonEmpty),
    new Option("--action <ACTION>", "only this action: runs:start").argParser(parseNonEmpty),
    new Option("--resource <PREFIX>", "only resources that begin so: run:").argParser(parseNonEmpty),
    new Option("--decision <DECISION>", "only what was decided so").choices(["allowed", "denied"]),
    new Option("--since <TIME>", "not before this time, or so long ago: 2030-01-31, 24h").argParser(parseMoment),
    new Option("--until <TIME>", "before this time, or so long ago").argParser(parseMoment),
  ];
}
