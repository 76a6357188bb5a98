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
`;
}

const factsWords = {
  manifest: "the manifest",
  files: "the working tree",
  git: "one `git status` for each repository",
  changes: "one `git diff` for each repository",
  runs: "the history of runs",
} as const;
