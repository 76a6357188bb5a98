import { maxRunValue, runStates, runTermNames, runTerms } from "./run-terms.ts";
import { lastStates, termNames, terms } from "./terms.ts";

/** The reference page of the selector grammar, as Markdown; made from the table of terms. */
export function renderSelectorReference(): string {
  const rows = termNames.map((name) => {
    const { picks, facts, example } = terms[name];
    return `| \`${example}\` | ${picks} | ${factsWords[facts]} |`;
  });
  return `# Selectors

A selector picks repositories. The same grammar serves \`--select\`, \`sweep.select\`, \`selectors:\` of the manifest and
the scopes of access bindings. Without a selector, all repositories are picked.

## Terms

| term | picks repositories | read from |
|---|---|---|
${rows.join("\n")}
| \`@web\` | that the selector named \`web\` under \`selectors:\` picks | |

- \`name:\` and \`path:\` take globs: \`?\` is one character, \`*\` any number within one part of a path, \`**\` any number of parts.
- \`tag:a\` matches the tag \`a\` and every tag below it, such as \`a/b\`.
- \`role:\`, \`needs:\` and \`dependents:\` name something that the manifest declares; a name that it does not declare is an error.
- \`last:\` takes ${lastStates.map((state) => `\`${state}\``).join(", ")}.
- A value with spaces, quotes, commas, \`&\`, \`|\` or parentheses is quoted: \`has:"release notes.md"\`. Inside quotes, \`\\\` keeps the next character.
- Facts of git, of files and of runs are read only when a term needs them, only for repositories that the other terms leave open, and once.

## Operators

\`!\` (not) binds tightest, then \`&&\` (and), then \`||\` (or); parentheses group. There is always an operator between two terms.

\`\`\`
role:service && tag:lang/ts && !tag:frozen
(dirty || ahead) && !@archived
changed:origin/main || dependents:auth-lib
\`\`\`

${renderRunTerms()}`;
}

function renderRunTerms(): string {
  const rows = runTermNames.map((name) => `| \`${runTerms[name].example}\` | ${runTerms[name].picks} |`);
  return `## Filters of runs

\`runs list --filter\` and \`?filter=\` of \`/v1/runs\` take the same operators, with terms about runs. There are no named filters.

| term | picks runs |
|---|---|
${rows.join("\n")}

- \`state:\` takes ${runStates.map((state) => `\`${state}\``).join(", ")}; \`interrupted\` are those that wait for somebody to take them over.
- \`workflow:\`, \`actor:\`, \`repo:\` and \`job:\` take globs, as \`name:\` does. In \`reason:\` nothing is a wildcard.
- \`created:\` takes a day or a moment in UTC: \`2026-11-01\`, \`2026-11-01T10:00Z\`, \`2026-11-01T10:00:00+01:00\`; before it may stand \`>\`, \`>=\`, \`<\` or \`<=\`. A day is
  all of it: \`created:2026-11-01\` is any time of that day, \`created:>2026-11-01\` any time after it.
- \`since:\` and \`until:\` take the same, or how long ago: \`since:2h\`. \`since:\` counts its moment in, \`until:\` does not.
- A value has at most ${maxRunValue} characters.
- Whoever may see only some repositories: \`repo:\` finds those alone, and a reason that names another one is found by no \`reason:\`.
- Runs are looked through from the newest on, for a bounded time for each page. So a page may have fewer runs than asked for, or none,
  and go on all the same: there are no more only when \`nextCursor\` is null.

\`\`\`
state:failed && workflow:raise-*
(state:failed || state:partial) && since:7d && !actor:local:*
repo:gateway && created:>=2026-11-01 && created:<2026-12-01
\`\`\`
`;
}

const factsWords = {
  manifest: "the manifest",
  files: "the working tree",
  git: "one `git status` for each repository",
  changes: "one `git diff` for each repository",
  runs: "the history of runs",
} as const;
