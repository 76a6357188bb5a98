import { type Command, InvalidArgumentError, Option } from "commander";
import { durationForms, parseDuration } from "../../lib/duration.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { TokenCreateFlags, TokenListFlags, TokenRevokeFlags, TokenRotateFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { parseCount, parseNonEmpty } from "../option-parsers.ts";
import type { OutputRules } from "../output-request.ts";

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };

/** Declares `token create|list|revoke|rotate`. */
export function declareToken(program: Command, shell: Shell): void {
  const head = { name: "token", summary: "make, list and revoke tokens, and rotate the keys that sign them" };
  declareGroup(program, shell, head, (group) => {
    declareCreate(group, shell);
    declareCommand<TokenListFlags>(group, shell, {
      name: "list",
      remote: true,
      summary: "list tokens, the newest first, with their last use",
      options: () => [
        new Option("--subject <SUBJECT>", "only tokens of this subject").argParser(parseNonEmpty),
        new Option("--limit <N>", "how many at most; 20 when left out").argParser(parseCount),
        new Option("--cursor <CURSOR>", "go on where the page before ended (its nextCursor)").argParser(parseNonEmpty),
      ],
      examples: [["mahavishnu token list --subject service:ci", "the tokens of one service"]],
      output: listOutput,
      run: async ({ options, io }) => (await import("./token-run.ts")).runTokenList(options, io),
    });
    declareCommand<TokenRevokeFlags>(group, shell, {
      name: "revoke",
      remote: true,
      summary: "revoke one token, or all of a subject, at once",
      arguments: [["[ID]", "id of the token, as `token list` shows it"]],
      options: () => [new Option("--subject <SUBJECT>", "all tokens of this subject").argParser(parseNonEmpty)],
      examples: [
        ["mahavishnu token revoke k3v9q0x2mf", "from its next request on it is refused, in every process"],
        ["mahavishnu token revoke --subject service:ci", "all tokens of a service"],
      ],
      exitCodes: { 64: "wrong flag or argument, no such token, or no workspace" },
      check: ({ args, options }) => refuseBothOrNone(args[0], options.subject),
      run: async ({ args, options, io }) =>
        (await import("./token-run.ts")).runTokenRevoke(
          args[0] === undefined ? options : { ...options, id: args[0] },
          io,
        ),
    });
    declareCommand<TokenRotateFlags>(group, shell, {
      name: "rotate",
      remote: true,
      summary: "make a new signing key; what older ones have signed counts until it expires",
      options: () => [new Option("--retire-now", "what older keys have signed counts no more")],
      examples: [
        ["mahavishnu token rotate", "new tokens have a new key, and nobody notices"],
        ["mahavishnu token rotate --retire-now", "every token that there is ends at once"],
      ],
      run: async ({ options, io }) => (await import("./token-run.ts")).runTokenRotate(options, io),
    });
  });
}

function declareCreate(group: Command, shell: Shell): void {
  declareCommand<TokenCreateFlags>(group, shell, {
    name: "create",
    remote: true,
    summary: "make a token and print it, this once",
    description:
      "Make a token and print it alone on the standard output. It cannot be shown again. With --role it has that role " +
      "and nothing else; without, it acts with the bindings of its subject.",
    options: () => [
      new Option("--subject <SUBJECT>", "whom it is for: user:NAME or service:NAME").argParser(parseNonEmpty),
      new Option("--role <ROLE>", "the only role that it will have").argParser(parseNonEmpty),
      new Option("--where <SELECTOR>", "the repositories that the role is given for; all when left out").argParser(
        parseNonEmpty,
      ),
      new Option("--expires <DURATION>", "how long it is valid; auth.tokenTtl when left out").argParser(parseLifetime),
      new Option("--name <NAME>", "what it is for, to be told apart in lists").argParser(parseNonEmpty),
    ],
    examples: [
      ["TOKEN=$(mahavishnu token create --subject service:ci --role runner --expires 30d)", "for a script"],
      ["mahavishnu token create --subject user:dana --where tag:team/edge --role operator", "for a part of the fleet"],
    ],
    check: ({ options }) => {
      if (options.subject !== undefined) return;
      const fix = "Say whom it is for: --subject service:ci.";
      throw new MahavishnuError("USAGE", "--subject is missing", { fix });
    },
    run: async ({ options, io }) => (await import("./token-run.ts")).runTokenCreate(options, io),
  });
}

function refuseBothOrNone(id: string | undefined, subject: string | undefined): void {
  if ((id === undefined) !== (subject === undefined)) return;
  const fix = "Give the id of a token, or --subject for all tokens of somebody.";
  throw new MahavishnuError("USAGE", id === undefined ? "which token is to be revoked?" : "an id and --subject", {
    fix,
  });
}

/** Longer than any timer runs: nobody waits for a token to expire. Milliseconds. */
function parseLifetime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError(`It must be a duration such as ${durationForms}.`);
  return ms;
}
